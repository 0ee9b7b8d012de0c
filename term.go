package entente

import "entente/record"

// A term is an entry of the glossary: the words in each language, agreed as equal, and their definition or usage.
var termKind = &Kind{
	Name: "term",
	Verbs: map[record.Verb]Rule{
		record.Propose:  {Opens: true, Approved: true, Parts: []string{"title.*", "body.*"}, Needs: []string{"title.*"}},
		record.Consent:  consentRule,
		record.Withdraw: withdrawRule,
		record.Reply:    replyRule,
		record.Note:     translationRule,
	},
	Check: checkReply,
	Fold:  func(s *State, records []Judged) { foldReplies(s, records, nil) },
}
