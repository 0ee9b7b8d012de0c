package main

import (
	"encoding/json"
	"slices"

	"entente"
	"entente/api"
	"entente/record"
)

// partsFlags name parts of a record that an act is about.
type partsFlags struct {
	Record  string   `arg:"" help:"The record whose parts they are."`
	Section []string `help:"A part; without one, all of the record." placeholder:"NAME" sep:"none"`
	content
	signFlags
}

type recallCmd struct{ partsFlags }

func (recallCmd) Help() string {
	return `Asks the other parties for their copies back. Each acknowledges by entente reply --stance acknowledge, and then its node destroys its
copy, or refuses by --stance object. All of it stays on record. Only the party whose words they are asks.

Examples:
  entente recall 5c10aa --section annex/list.txt --seat desk/1
  entente reply 77ab12 --stance acknowledge --seat desk/1`
}

func (c *recallCmd) Run(a *app) error { return c.put(a, record.Recall) }

type eraseCmd struct{ partsFlags }

func (eraseCmd) Help() string {
	return `Says that content is to be destroyed; the record remains. Every node destroys its data key when all parties have said so, or when one
says so after the end of the instrument and the charter's retention. Nothing brings it back, a backup neither.

Examples:
  entente erase 5c10aa --section annex/list.txt --seat desk/1`
}

func (c *eraseCmd) Run(a *app) error { return c.put(a, record.Erase) }

func (c *partsFlags) put(a *app, verb record.Verb) error {
	return c.putTerms(a, verb, func(of record.ID, parts []string) any { return entente.PartsOf{Of: of, Parts: parts} })
}

func (c *partsFlags) putTerms(a *app, verb record.Verb, terms func(record.ID, []string) any) error {
	return a.with(func(s *session) error {
		g, err := s.group(a, c.Group)
		if err != nil {
			return err
		}
		t, err := s.find(a, g.ID, c.Record)
		if err != nil {
			return err
		}
		names := slices.Clone(c.Section)
		if len(names) == 0 {
			r, err := s.Record(a.ctx, g.ID, t.ID)
			if err != nil {
				return err
			}
			for _, p := range r.Header.Parts {
				names = append(names, p.Name)
			}
		}
		slices.Sort(names)
		act := api.NewAct{Kind: t.Kind, Verb: verb, Instrument: t.Instrument}
		if act.Terms, err = json.Marshal(terms(t.ID, slices.Compact(names))); err != nil {
			return err
		}
		return c.content.put(a, s, g, act, c.signFlags)
	})
}
