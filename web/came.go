package web

import (
	"slices"

	"entente"
	"entente/node"
	"entente/record"
)

// came is what names an instrument in one way: the commitments that came of a decision, the decisions of a meeting.
type came struct {
	Key  string // message key
	Rows []row
}

func (w *Web) came(r *request, s *entente.State, items []node.Listed, texts reading) []came {
	var out []came
	for _, x := range items {
		for _, f := range x.State.Facts {
			if !f.Link || f.Value != s.Instrument.String() {
				continue
			}
			key := "came." + f.Name
			i := slices.IndexFunc(out, func(c came) bool { return c.Key == key })
			if i < 0 {
				i, out = len(out), append(out, came{Key: key})
			}
			out[i].Rows = append(out[i].Rows, w.rowOf(r, texts, x))
			break
		}
	}
	return out
}

// appointed says the terms of a meeting in words.
func (w *Web) appointed(r *request, _ *record.Header, terms any) []particular {
	t, ok := terms.(*entente.Meeting)
	if !ok {
		return nil
	}
	out := []particular{{Key: "meet.when", Text: w.languages[r.lang].moment(t.Starts)}, {Key: "meet.host", Text: r.group.PartyName(t.Host)}}
	if t.Number != 0 {
		out = append(out, particular{Key: "meet.number", Text: w.languages[r.lang].number(t.Number)})
	}
	return out
}
