package api

import (
	"encoding/json"

	"entente"
	"entente/node"
	"entente/record"
)

// Header is a record's header with its terms as the kind's own JSON.
type Header struct {
	Format       uint64            `json:"format"`
	Group        record.ID         `json:"group"`
	Party        record.Party      `json:"party"`
	Index        uint64            `json:"index"`
	Kind         string            `json:"kind"`
	Verb         record.Verb       `json:"verb"`
	Instrument   record.ID         `json:"instrument,omitzero" doc:"absent: this record opens it"`
	Version      record.ID         `json:"version,omitzero"`
	Replaces     record.ID         `json:"replaces,omitzero"`
	Charter      record.ID         `json:"charter,omitzero"`
	Time         int64             `json:"time" doc:"Unix seconds"`
	Until        int64             `json:"until,omitzero" doc:"Unix seconds"`
	Participants []record.Party    `json:"participants,omitempty"`
	Line         string            `json:"line,omitempty"`
	Nature       record.Nature     `json:"nature,omitempty"`
	Area         []uint64          `json:"area,omitempty"`
	Terms        json.RawMessage   `json:"terms,omitempty" doc:"what the kind adds, by its own names"`
	Seen         record.Seen       `json:"seen,omitempty"`
	Parts        []record.PartRef  `json:"parts,omitempty"`
	Nonce        record.Nonce      `json:"nonce"`
	Approvals    []record.Approval `json:"approvals,omitempty"`
}

func headerOf(h *record.Header, terms any) Header {
	out := Header{Format: h.Format, Group: h.Group, Party: h.Party, Index: h.Index, Kind: h.Kind, Verb: h.Verb, Instrument: h.Instrument, Version: h.Version,
		Replaces: h.Replaces, Charter: h.Charter, Time: h.Time, Until: h.Until, Participants: h.Participants, Line: h.Line, Nature: h.Nature, Area: h.Area,
		Seen: h.Seen, Parts: h.Parts, Nonce: h.Nonce, Approvals: h.Approvals}
	if b, err := json.Marshal(terms); err == nil && terms != nil {
		out.Terms = b
	}
	return out
}

// Record is a record with what is held of it and what the rules hold against it.
type Record struct {
	ID      record.ID        `json:"id"`
	Header  Header           `json:"header"`
	Held    []string         `json:"held,omitempty" doc:"parts that this node holds"`
	Counts  bool             `json:"counts" doc:"false: held back until what it knows is here"`
	Reasons []entente.Reason `json:"reasons,omitempty" doc:"why it has no effect; none: it has"`
}

func recordOf(r node.RecordInfo) Record {
	return Record{r.ID, headerOf(r.Header, r.Terms), r.Held, r.Counts, r.Reasons}
}

func recordsOf(rs []node.RecordInfo) []Record {
	out := make([]Record, len(rs))
	for i, r := range rs {
		out[i] = recordOf(r)
	}
	return out
}

// Instrument is an instrument with its last records, in the order they are read, and those that its state names.
type Instrument struct {
	node.Listed
	Records []Record    `json:"records"`
	Earlier node.Cursor `json:"earlier,omitempty" doc:"before of the records before these; absent where these are all"`
}

// Records is a page of a list.
type Records struct {
	Items []Record `json:"items"`
	Next  string   `json:"next,omitempty" doc:"cursor of the next page; absent at the end"`
}

// Charter is a group's charter: as founded, and in force.
type Charter struct {
	Group    record.ID        `json:"group"`
	Founding *entente.Charter `json:"founding"`
	Version  record.ID        `json:"version,omitzero" doc:"in force; absent before all founders signed"`
	InForce  *entente.Charter `json:"in_force,omitempty"`
}

// Draft is an act that waits for its signatures. Encoded is the header in its one form, as it will be signed: a client that
// signs reads it there and computes the act's digest itself.
type Draft struct {
	Act       record.ID        `json:"act" doc:"the digest that officials sign"`
	Nonce     record.Nonce     `json:"nonce" doc:"names the draft"`
	Party     record.Party     `json:"party"`
	Office    string           `json:"office,omitempty" doc:"that drafted it; absent: the operator"`
	Created   int64            `json:"created" doc:"Unix seconds"`
	Header    Header           `json:"header"`
	Encoded   []byte           `json:"encoded" doc:"the header, deterministic CBOR"`
	Missing   []string         `json:"missing,omitempty" doc:"why it cannot be sealed yet"`
	Uncleared []node.Uncleared `json:"uncleared,omitempty" doc:"offices of the own party that must clear it first, named in missing too"`
	Widens    []node.Wider     `json:"widens,omitempty" doc:"who comes to hold or read what by it that could not before; not in a list of drafts. A signature confirms it"`
}

// Progress is how far an act has come: on record, or still a draft.
type Progress struct {
	Sealed *node.Sealed `json:"sealed,omitempty"`
	Draft  *Draft       `json:"draft,omitempty"`
}

// NewAct is what an office wants to put on record.
type NewAct struct {
	Kind         string          `json:"kind"`
	Verb         record.Verb     `json:"verb"`
	Instrument   record.ID       `json:"instrument,omitzero"`
	Version      record.ID       `json:"version,omitzero"`
	Replaces     record.ID       `json:"replaces,omitzero"`
	Until        int64           `json:"until,omitzero" doc:"Unix seconds"`
	Participants []record.Party  `json:"participants,omitempty"`
	Line         string          `json:"line,omitempty"`
	Nature       record.Nature   `json:"nature,omitempty"`
	Terms        json.RawMessage `json:"terms,omitempty" doc:"by the names of the kind"`
	Parts        []NewPart       `json:"parts,omitempty"`
}

// NewPart is content for an act: one of text, content and table.
type NewPart struct {
	Name    string      `json:"name"`
	Text    string      `json:"text,omitempty"`
	Content []byte      `json:"content,omitempty"`
	Table   *Table      `json:"table,omitempty"`
	Marking *NewMarking `json:"marking,omitempty" doc:"absent: every party of the group, TLP:AMBER"`
}

// NewMarking says who may hold a part.
type NewMarking struct {
	TLP          record.TLP     `json:"tlp"`
	ReleasableTo []record.Party `json:"releasable_to,omitempty" doc:"empty: the author's party alone; [*]: public"`
	Handling     string         `json:"handling,omitempty"`
	National     string         `json:"national,omitempty"`
	Review       int64          `json:"review,omitzero" doc:"Unix seconds"`
	Offices      []string       `json:"offices,omitempty" doc:"for TLP:RED, as MX/legal"`
}

// Table is a rows part: the first column is the row's key.
type Table struct {
	Columns []string   `json:"columns"`
	Rows    [][]string `json:"rows"`
}

// Part is a part as it is read: text where it is UTF-8 text, else content, or a table.
type Part struct {
	Name    string         `json:"name"`
	Marking record.Marking `json:"marking"`
	Length  int            `json:"length" doc:"bytes of the content"`
	Text    string         `json:"text,omitempty"`
	Content []byte         `json:"content,omitempty"`
	Table   *Table         `json:"table,omitempty"`
}

// DraftPart is a part of a draft with its salt: whoever signs holds it against the digest in the header.
type DraftPart struct {
	Part
	Raw  []byte           `json:"raw" doc:"the content, exactly"`
	Salt entente.HexBytes `json:"salt"`
}

// Node describes the node that answers.
type Node struct {
	Party   record.Party                `json:"party"`
	Names   map[string]string           `json:"names"`
	Address string                      `json:"address"`
	Origin  string                      `json:"origin,omitempty" doc:"where browsers reach the pages"`
	Time    int64                       `json:"time" doc:"the node's clock, Unix seconds"`
	Kinds   []string                    `json:"kinds"`
	Keys    map[entente.Use]entente.Key `json:"keys"`
}

// Introduction is a party's introduction with the fingerprint that is read over the telephone.
type Introduction struct {
	Introduction node.Introduction `json:"introduction"`
	Fingerprint  string            `json:"fingerprint"`
}

// Token is a bearer token without its secret.
type Token struct {
	Office  string `json:"office"`
	Created int64  `json:"created"`
	Until   int64  `json:"until,omitzero"`
}

// Restoring is a group that is read-only after a restore, and the peers that have not answered.
type Restoring struct {
	Group  record.ID      `json:"group"`
	Silent []record.Party `json:"silent"`
}

// Ref is the record's position.
func (h *Header) Ref() record.Ref { return record.Ref{Party: h.Party, Index: h.Index} }
