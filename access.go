package entente

import (
	"slices"

	"entente/record"
)

// Access is one entry of a party's own access log, kept in its group of one: who was shown which parts, in one page view,
// one export or one call.
type Access struct {
	Office string       `cbor:"1,keyasint" json:"office"`
	Seat   uint64       `cbor:"2,keyasint,omitzero" json:"seat,omitzero"` // absent: the office's token, not a person's sign-in
	Via    string       `cbor:"3,keyasint" json:"via"`                    // api, web, export …
	Page   string       `cbor:"4,keyasint,omitempty" json:"page,omitempty"`
	Items  []AccessItem `cbor:"5,keyasint" json:"items"`
	// How its reader came in: link, passkey, oidc or token. A link is printed by the operator of the node for an office: whoever had it
	// read, be it the operator. An entry without items says that one was printed (via operator) or used (via web).
	How string `cbor:"6,keyasint,omitempty" json:"how,omitempty"`
}

// AccessItem says that each of these records was shown with these parts, all of them.
type AccessItem struct {
	Group   record.ID   `cbor:"1,keyasint" json:"group"`
	Records []record.ID `cbor:"2,keyasint" json:"records"` // or the digest of an act that waits for its signatures
	Parts   []string    `cbor:"3,keyasint" json:"parts"`
}

// Bounds of one entry: with every item as long as it may be it stays under record.MaxTerms.
const (
	accessBytes     = 32 << 10
	accessItemBytes = 64 // of the maps, keys and lengths of one item, and its group
	accessIDBytes   = 34
	maxAccessPage   = 200
)

var accessKind = &Kind{
	Name:   "access",
	Silent: true,
	Verbs:  map[record.Verb]Rule{record.Note: {Opens: true, Only: true, Terms: func() any { return new(Access) }}},
	Check: func(c *Case) {
		if c.Charter != nil && len(c.Charter.Parties) != 1 {
			c.Against(ReasonKind, "access.group", "an access log stands in a group of one")
		}
		if t, ok := c.Terms.(*Access); ok && len(t.Page) > maxAccessPage {
			c.Against(ReasonTerms, "access.page", "it names a page with %d letters: the limit is %d", len(t.Page), maxAccessPage)
		}
	},
}

// AccessEntries are the headers of what was shown at one time: one, or several where it does not fit. Items of one group and
// the same parts are joined. The node adds place, time and seen.
func AccessEntries(a Access) ([]record.Header, error) {
	var out []record.Header
	entry := func(items []AccessItem) error {
		e := a
		e.Items = items
		t, err := encodeTerms(e)
		out = append(out, record.Header{Kind: accessKind.Name, Verb: record.Note, Terms: t})
		return err
	}
	var items []AccessItem
	size := 0
	for _, x := range joined(a.Items) {
		head := accessItemBytes
		for _, p := range x.Parts {
			head += len(p) + 2
		}
		for ids := x.Records; len(ids) > 0; {
			n := min(len(ids), (accessBytes-size-head)/accessIDBytes)
			if n <= 0 {
				if err := entry(items); err != nil {
					return nil, err
				}
				items, size = nil, 0
				continue
			}
			items = append(items, AccessItem{x.Group, ids[:n:n], x.Parts})
			ids, size = ids[n:], size+head+n*accessIDBytes
		}
	}
	if len(items) == 0 {
		return out, nil
	}
	return out, entry(items)
}

// AccessBegun is the header of an entry that shows nothing: a way in was made or used.
func AccessBegun(a Access) (record.Header, error) {
	a.Items = []AccessItem{}
	t, err := encodeTerms(a)
	return record.Header{Kind: accessKind.Name, Verb: record.Note, Terms: t}, err
}

// joined puts together the records of one group that were shown with the same parts.
func joined(items []AccessItem) []AccessItem {
	var out []AccessItem
	for _, x := range items {
		i := slices.IndexFunc(out, func(y AccessItem) bool { return x.Group == y.Group && slices.Equal(x.Parts, y.Parts) })
		if i < 0 {
			out = append(out, AccessItem{Group: x.Group, Parts: x.Parts})
			i = len(out) - 1
		}
		out[i].Records = append(out[i].Records, x.Records...)
	}
	return out
}
