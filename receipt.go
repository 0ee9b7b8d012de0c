package entente

import "entente/record"

// A receipt is written by a node, not by people: its seen tells the others what has arrived. It binds nobody.
var receiptKind = &Kind{
	Name:   "receipt",
	Silent: true,
	Verbs:  map[record.Verb]Rule{record.Note: {Opens: true, Only: true}},
}

// Receipt is the header of a receipt; the node adds place, time and seen.
func Receipt() record.Header { return record.Header{Kind: receiptKind.Name, Verb: record.Note} }
