package demo

import (
	"context"

	"entente"
	"entente/node"
	"entente/record"
)

// communique plays one party's own readout of a meeting: a courtesy copy goes to the other side, which answers it. Without an
// objection its author lets it out; observations wait for their answer.
func (s *story) communique(i int, x Statement) {
	by := record.Party(x.Proposer)
	s.at(x.Day, 970+i, "courtesy copy "+string(x.Key), func(ctx context.Context) error {
		v, err := s.act(ctx, s.g, by, node.Act{Group: s.id, Kind: "statement", Verb: record.Propose, Nature: record.Political, Parts: x.parts(),
			Terms: terms(entente.Statement{Form: entente.FormReadout, Meeting: s.ids[x.Meeting], Own: true})})
		if err == nil {
			s.ids[x.Key] = v.ID
		}
		return err
	})
	s.at(x.Reply.Day, 970+i, "answer to the courtesy copy "+string(x.Key), func(ctx context.Context) error {
		a := node.Act{Group: s.id, Kind: "statement", Verb: record.Reply, Instrument: s.ids[x.Key], Terms: terms(entente.ReplyTerms{To: s.ids[x.Key], Stance: entente.Stance(x.Reply.Stance)})}
		if x.Reply.En != "" {
			a.Parts = x.Reply.Text.parts("body")
		}
		_, err := s.act(ctx, s.g, record.Party(x.Reply.By), a)
		return err
	})
	if x.Reply.Stance != string(entente.Acknowledge) {
		return
	}
	s.at(x.Reply.Day+1, 970+i, "communique "+string(x.Key), func(ctx context.Context) error {
		if _, err := s.consent(ctx, "statement", s.ids[x.Key], by); err != nil {
			return err
		}
		_, err := s.act(ctx, s.g, by, node.Act{Group: s.id, Kind: "statement", Verb: record.Release, Version: s.ids[x.Key], Terms: terms(entente.Released{})})
		return err
	})
}

// heldBack plays a party's own announcement that says what the other side's text says: it waits to be let out, and the other side has
// said nothing of the courtesy copy.
func (s *story) heldBack(i int, x Statement) {
	by := record.Party(x.Proposer)
	s.at(x.Day, 970+i, "announcement "+string(x.Key), func(ctx context.Context) error {
		v, err := s.act(ctx, s.g, by, node.Act{Group: s.id, Kind: "statement", Verb: record.Propose, Nature: record.Political, Parts: x.parts(), Terms: terms(entente.Statement{Own: true})})
		if err != nil {
			return err
		}
		s.ids[x.Key] = v.ID
		if _, err := s.consent(ctx, "statement", v.ID, by); err != nil {
			return err
		}
		n := s.sides[by].node
		d, err := n.Prepare(ctx, s.press(), node.Act{Group: s.id, Kind: "statement", Verb: record.Release, Version: v.ID, Terms: terms(entente.Released{})})
		if err != nil {
			return err
		}
		return n.Save(ctx, d)
	})
}

// pressLine keeps a line to take at home.
func (s *story) pressLine(ctx context.Context, x PressLine) error {
	n := node.NewPressLine{Line: entente.PressLine{About: s.ids[x.About], Question: x.Question, Until: s.end + int64(x.Days)*day}, Title: both(x.Title)}
	if x.Body != nil {
		n.Body = both(*x.Body)
	}
	if x.Ask != nil {
		n.Line.Ask = both(*x.Ask)
	}
	_, err := s.sides[record.Party(x.Party)].node.NotePressLine(ctx, s.press(), s.id, record.ID{}, n)
	return err
}
