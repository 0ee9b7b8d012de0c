package entente

import "entente/record"

// Access is one entry of a party's own access log, kept in its group of one: who was shown which parts.
type Access struct {
	Office string    `cbor:"1,keyasint" json:"office"`
	Group  record.ID `cbor:"2,keyasint" json:"group"`
	Record record.ID `cbor:"3,keyasint" json:"record"`
	Parts  []string  `cbor:"4,keyasint" json:"parts"`
	Via    string    `cbor:"5,keyasint" json:"via"` // api, export …
}

var accessKind = &Kind{
	Name:   "access",
	Silent: true,
	Verbs:  map[record.Verb]Rule{record.Note: {Opens: true, Only: true, Terms: func() any { return new(Access) }}},
	Check: func(c *Case) {
		if c.Charter != nil && len(c.Charter.Parties) != 1 {
			c.Add(ReasonKind, "an access log stands in a group of one")
		}
	},
}

// AccessEntry is the header of an entry; the node adds place, time and seen.
func AccessEntry(a Access) (record.Header, error) {
	t, err := encodeTerms(a)
	return record.Header{Kind: accessKind.Name, Verb: record.Note, Terms: t}, err
}
