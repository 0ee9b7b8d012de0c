package node

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"entente"
	"entente/record"
)

// ContactLog is one party's log of a contact, with what it says last of it: the parts that the caller's office may read, by name.
type ContactLog struct {
	Listed
	Parts []MarkedPart `json:"parts"`
}

// ContactQuery asks for the logs of contacts that begin in a span of time, Unix seconds: From is part of it, Until is not; 0: no bound.
type ContactQuery struct {
	From, Until int64
	Party       record.Party // whose logs; empty: every party's
}

// Contacts lists logs of contacts in the order of their beginnings, at most MaxContacts of them. Errors: ErrInvalid where more began
// in the span.
func (n *Node) Contacts(ctx context.Context, who Caller, group record.ID, q ContactQuery) ([]Listed, error) {
	list := Query{Kind: entente.ContactKind, Owner: q.Party, Limit: maxPage}
	var out []Listed
	for {
		p, err := n.Instruments(ctx, who, group, list)
		if err != nil {
			return nil, err
		}
		for _, x := range p.Items {
			if from := x.State.Begins(); from >= q.From && (q.Until == 0 || from < q.Until) {
				out = append(out, x)
			}
		}
		if len(out) > MaxContacts {
			return nil, fmt.Errorf("%w: %w", ErrInvalid, record.Because("list.contacts", "more than %d contacts began in that time: ask for less of it", MaxContacts))
		}
		if list.Cursor = p.Next; list.Cursor == "" {
			break
		}
	}
	slices.SortStableFunc(out, func(a, b Listed) int { return cmp.Compare(a.State.Begins(), b.State.Begins()) })
	return out, nil
}

// ContactWants are the parts of logs: of the opening, and of the latest report where it says something anew.
func ContactWants(group record.ID, languages []string, logs []Listed) []Want {
	names := []string{entente.AuthorisationPart}
	for _, p := range entente.ContactParts {
		for _, l := range languages {
			names = append(names, p+"."+l)
		}
	}
	var out []Want
	for _, x := range logs {
		for _, id := range x.State.Sayings() {
			out = append(out, Want{Group: group, Record: id, Names: names})
		}
	}
	return out
}

// ContactLogs are the logs with their texts, read as one page: the read stands in the access log first.
func (n *Node) ContactLogs(ctx context.Context, who Caller, group record.ID, q ContactQuery) ([]ContactLog, error) {
	all, err := n.Contacts(ctx, who, group, q)
	if err != nil {
		return nil, err
	}
	l, err := n.Ledger(group)
	if err != nil {
		return nil, err
	}
	_, charter := l.Charter()
	texts, err := n.Texts(ctx, who, "contacts", ContactWants(group, charter.Languages, all))
	if err != nil {
		return nil, err
	}
	out := make([]ContactLog, len(all))
	for i, x := range all {
		out[i] = ContactLog{x, []MarkedPart{}}
		for _, id := range x.State.Sayings() {
			if texts[id] == nil {
				continue
			}
			for _, p := range texts[id].Parts {
				if !slices.ContainsFunc(out[i].Parts, func(o MarkedPart) bool { return o.Name == p.Name }) {
					out[i].Parts = append(out[i].Parts, p)
				}
			}
		}
	}
	return out, nil
}
