package web

import (
	"slices"

	"entente"
	"entente/consent"
	"entente/node"
	"entente/progress"
	"entente/record"
)

// sideStatus is the status that one side set, own side first: beside the signal, which nobody sets.
type sideStatus struct {
	Party   record.Party
	Own     bool
	Word    signalTag // empty key: it has said nothing
	Time    int64
	Moved   bool
	Reasons []text
	Signers []string
}

func statusTag(word progress.Word) signalTag {
	return signalTag{"assessed." + string(word), signalColours[word]}
}

// statusesOf are what each side says of an objective or indicator, without the reasons.
func (w *Web) statusesOf(g *group, s *entente.State) []sideStatus {
	var out []sideStatus
	for _, p := range readerParty(w.node.Party(), g.Chart.IDs()) {
		x := sideStatus{Party: p, Own: p == w.node.Party()}
		if a := s.Status(p); a != nil {
			x.Word, x.Time, x.Moved = statusTag(a.Status), a.Time, a.Moved
		}
		out = append(out, x)
	}
	return out
}

// statusWants are the reasons of the statuses that count.
func (w *Web) statusWants(r *request, s *entente.State) []node.Want {
	var out []node.Want
	for _, p := range r.group.Chart.IDs() {
		if a := s.Status(p); a != nil {
			out = append(out, node.Want{Group: r.group.ID, Record: a.ID, Names: []string{"body.*"}})
			for _, t := range s.Translations {
				if t.Of == a.ID {
					out = append(out, node.Want{Group: r.group.ID, Record: t.ID, Names: []string{"body.*"}})
				}
			}
		}
	}
	return out
}

// reasonedStatuses are the statuses with their reasons, as far as the reader may see them.
func (w *Web) reasonedStatuses(r *request, d *node.Detail, texts reading) []sideStatus {
	out := w.statusesOf(r.group, d.State)
	texts.supply(d.State)
	for i := range out {
		a := d.State.Status(out[i].Party)
		if a == nil {
			continue
		}
		if x, err := w.node.Record(r.Context(), r.who, r.group.ID, a.ID); err == nil {
			out[i].Reasons = slices.DeleteFunc(texts.bilingual(r.group, x.Header, x.ID), func(t text) bool { return t.Missing })
			out[i].Signers = w.signers(r, x.Header)
		}
	}
	return out
}

// statusActs: each side whose consent the text needed sets a status of its own while it is in force.
func (w *Web) statusActs(r *request, d *node.Detail, v *entente.VersionState) []act {
	if v.Standing != consent.InForce || d.View.Phase != entente.PhaseInForce || !slices.Contains(v.Required, w.node.Party()) {
		return nil
	}
	return []act{{Verb: record.Report, Key: "act.assess", Version: v.ID, Second: true, Href: r.group.Href("i", d.State.Instrument.String(), "assess")}}
}

// assess sets a status, with its reasons. The other side's may differ; both stand, and nothing is published by it.
func (w *Web) assess(r *request) (answer, error) {
	d, err := w.detail(r)
	if err != nil {
		return nil, err
	}
	v := d.State.InForce()
	if v == nil || !w.offers(r, d, record.Report, v.ID, "act.assess") {
		return nil, changed()
	}
	var words []option
	for _, x := range entente.Assessed {
		words = append(words, option{string(x), r.t("assessed." + string(x)), r.t("assessed." + string(x) + ".hint")})
	}
	fields := append([]field{{Name: "status", Control: controlRadios, Label: r.t("assess.status"), Options: words}}, r.bodies("assess.reasons", 6)...)
	f, err := r.form(r.group.Href("i", d.State.Instrument.String(), "assess"), r.t("draft.go"), append(fields, r.handled("handling", r.t("propose.handling"))...)...)
	if err != nil {
		return nil, err
	}
	p, err := w.aboutAct(r, d, r.t("assess.title"), r.t("assess.lead"), f, v.ID)
	if err != nil || r.Method != "POST" {
		return p, err
	}
	t := entente.Assessment{Status: progress.Word(f.choice("status"))}
	parts := f.handle(f.bodyParts(true))
	if !f.ok() {
		return f.again(p), nil
	}
	return w.prepareWith(r, node.Act{Kind: d.State.Kind, Verb: record.Report, Instrument: d.State.Instrument, Version: v.ID, Parts: parts}, t)
}
