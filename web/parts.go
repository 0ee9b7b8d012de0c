package web

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"entente"
	"entente/node"
	"entente/record"
	"entente/release"
)

// partsActs are what may be asked for the content of a record: the copies of the others, by the party whose words it is; and
// that it be destroyed, once nothing hangs on it any more or another party wants it so.
func (w *Web) partsActs(r *request, d *node.Detail, x *node.RecordInfo) []act {
	s, own := d.State, w.node.Party()
	kind := w.node.Kinds()[s.Kind]
	if kind == nil || len(x.Header.Parts) == 0 || len(x.Reasons) > 0 || !x.Counts {
		return nil
	}
	href := func(verb record.Verb) string {
		return r.group.Href("i", s.Instrument.String(), string(verb)) + "?of=" + x.ID.String()
	}
	var out []act
	if _, ok := kind.Verbs[record.Recall]; ok && x.Header.Party == own && len(open(s, x, record.Recall, own)) > 0 {
		out = append(out, act{Verb: record.Recall, Key: "act.recall", Second: true, Href: href(record.Recall)})
	}
	if rule, ok := kind.Verbs[record.Release]; ok && x.Header.Party == own && !r.group.Own && rule.Approved && len(withheld(s, x, r.group.Chart.IDs())) > 0 {
		out = append(out, act{Verb: record.Release, Key: "act.widen", Second: true, Href: r.group.Href("i", s.Instrument.String(), "widen") + "?of=" + x.ID.String()})
	}
	asked := slices.ContainsFunc(s.Erasures, func(e entente.Erasure) bool { return e.Of == x.ID && e.Since == 0 })
	over := d.View.Phase == entente.PhaseEnded || d.View.Phase == entente.PhaseWithdrawn || d.View.Phase == entente.PhaseLapsed ||
		d.View.Phase == entente.PhaseRecorded // nothing hangs on one party's word but what others say of it
	if _, ok := kind.Verbs[record.Erase]; ok && (asked || over) && len(open(s, x, record.Erase, own)) > 0 {
		out = append(out, act{Verb: record.Erase, Key: "act.erase", Second: true, Href: href(record.Erase)})
	}
	return out
}

// open are the parts of a record of which a party has not asked that yet, or, of what is destroyed, cannot any more.
func open(s *entente.State, x *node.RecordInfo, verb record.Verb, own record.Party) []string {
	var out []string
	for _, p := range x.Header.Parts {
		done := slices.ContainsFunc(s.Erasures, func(e entente.Erasure) bool {
			return e.Of == x.ID && e.Part == p.Name && (e.Since != 0 || verb == record.Erase && slices.Contains(e.By, own))
		})
		if verb == record.Recall {
			done = done || slices.ContainsFunc(s.Recalls, func(q entente.RecallState) bool { return q.Of == x.ID && slices.Contains(q.Parts, p.Name) })
		}
		if !done {
			out = append(out, p.Name)
		}
	}
	return out
}

// recallActs answer another party's asking for its copies back.
func (w *Web) recallActs(r *request, s *entente.State, to record.ID) []act {
	for i := range s.Recalls {
		if x := &s.Recalls[i]; x.ID == to && x.Ref.Party != w.node.Party() && x.Answer(w.node.Party()) == "" {
			return []act{{Verb: record.Reply, Key: "act.give-back", Href: w.replyHref(r, s, to, entente.Acknowledge)},
				{Verb: record.Reply, Key: "act.keep-copy", Second: true, Href: w.replyHref(r, s, to, entente.Object)}}
		}
	}
	return nil
}

// sectionWords names a part with its language.
func (r *request) sectionWords(name string) string {
	if _, lang, ok := strings.Cut(name, "."); ok && tags[lang] != "" && !strings.Contains(name, "/") {
		return r.partWords(name) + " · " + r.t("language."+lang)
	}
	return r.partWords(name)
}

// recordFor is the record of the instrument that the form is about, where the reader may do that act with its parts.
func (w *Web) recordFor(r *request, with func(act) bool) (*node.Detail, *node.RecordInfo, error) {
	d, err := w.detail(r)
	if err != nil {
		return nil, nil, err
	}
	of, err := record.ParseID(r.FormValue("of"))
	i := slices.IndexFunc(d.Records, func(x node.RecordInfo) bool { return x.ID == of })
	if err != nil || i < 0 {
		return nil, nil, fmt.Errorf("record: %w", node.ErrNotFound)
	}
	x := &d.Records[i]
	if !slices.ContainsFunc(w.partsActs(r, d, x), with) {
		return nil, nil, changed()
	}
	return d, x, nil
}

func (w *Web) recallForm(r *request) (answer, error) { return w.partsForm(r, record.Recall) }
func (w *Web) eraseForm(r *request) (answer, error)  { return w.partsForm(r, record.Erase) }

// partsForm chooses parts of a record to ask back or to have destroyed.
func (w *Web) partsForm(r *request, verb record.Verb) (answer, error) {
	d, x, err := w.recordFor(r, func(a act) bool { return a.Verb == verb })
	if err != nil {
		return nil, err
	}
	of := x.ID
	var choices []option
	for _, name := range open(d.State, x, verb, w.node.Party()) {
		choices = append(choices, option{Value: name, Text: r.sectionWords(name)})
	}
	key := "act." + string(verb)
	fields := append([]field{{Name: "parts", Control: controlChecks, Label: r.t("parts.which"), Options: choices}}, r.bodies("parts.reason", 4)...)
	f, err := r.form(r.group.Href("i", d.State.Instrument.String(), string(verb)), r.t("draft.go"), append(fields, field{Name: "of", Control: controlHidden, Values: []string{of.String()}})...)
	if err != nil {
		return nil, err
	}
	f.Warning = verb == record.Erase
	p, err := w.aboutAct(r, d, r.t(key+".title"), r.t(key+".lead"), f, of)
	if err != nil || r.Method != http.MethodPost {
		return p, err
	}
	names, parts := f.choices("parts"), f.bodyParts(false)
	if !f.ok() {
		return f.again(p), nil
	}
	slices.Sort(names)
	terms, err := termsOf(entente.PartsOf{Of: of, Parts: names})
	if err != nil {
		return nil, err
	}
	return w.prepare(r, node.Act{Group: r.group.ID, Kind: d.State.Kind, Verb: verb, Instrument: d.State.Instrument, Terms: terms, Parts: parts})
}

// withheld are the parts of a record that another party does not have, or that are for the offices named alone.
func withheld(s *entente.State, x *node.RecordInfo, parties []record.Party) []string {
	var out []string
	for _, p := range x.Header.Parts {
		m := s.Marking(x.ID, p.Name, p.Marking)
		if !slices.Contains(x.Held, p.Name) || release.Published(m) {
			continue
		}
		if m.TLP == record.Red || slices.ContainsFunc(parties, func(q record.Party) bool { return !release.MayHold(m, x.Header.Party, q) }) {
			out = append(out, p.Name)
		}
	}
	return out
}

// recipients are those to whom parts are released.
func (r *request) recipients(t *entente.Widening) string {
	var names []string
	for _, p := range t.To {
		names = append(names, r.group.PartyName(p))
	}
	for _, o := range t.Offices {
		names = append(names, r.web.namedOffice(r, r.group, o))
	}
	return r.t("widen.to") + ": " + strings.Join(names, "; ")
}

// widenForm releases parts of a record of the reader's party to other parties and, where they are TLP:RED, to offices by name.
func (w *Web) widenForm(r *request) (answer, error) {
	d, x, err := w.recordFor(r, func(a act) bool { return a.Key == "act.widen" })
	if err != nil {
		return nil, err
	}
	of := x.ID
	var choices, others []option
	red := false
	for _, name := range withheld(d.State, x, r.group.Chart.IDs()) {
		ref, _ := x.Header.Part(name)
		red = red || ref.Marking.TLP == record.Red
		choices = append(choices, option{Value: name, Text: r.sectionWords(name) + " (TLP:" + string(ref.Marking.TLP) + ")"})
	}
	example := ""
	for _, p := range r.group.Chart.IDs() {
		if p != w.node.Party() {
			others = append(others, option{Value: string(p), Text: r.group.PartyName(p)})
			example = string(p) + "/desk"
		}
	}
	fields := []field{{Name: "parts", Control: controlChecks, Label: r.t("parts.which"), Options: choices},
		{Name: "to", Control: controlChecks, Label: r.t("widen.to"), Options: others}}
	if red {
		fields = append(fields, field{Name: "offices", Control: controlText, Rows: 3, Label: r.t("widen.offices"), Hint: r.t("widen.office-hint", "Example", example), Optional: true})
	}
	f, err := r.form(r.group.Href("i", d.State.Instrument.String(), "widen"), r.t("draft.go"), append(fields, field{Name: "of", Control: controlHidden, Values: []string{of.String()}})...)
	if err != nil {
		return nil, err
	}
	f.Warning = true
	p, err := w.aboutAct(r, d, r.t("act.widen.title"), r.t("act.widen.lead"), f, of)
	if err != nil || r.Method != http.MethodPost {
		return p, err
	}
	t := entente.Widening{Of: of, Parts: f.choices("parts")}
	to, _ := f.Field("to")
	for _, v := range to.Values {
		t.To = append(t.To, record.Party(v))
	}
	if red {
		t.Offices = strings.Fields(f.text("offices"))
	}
	if len(t.To) == 0 && len(t.Offices) == 0 {
		f.wrong("to", "widen.nobody")
	}
	slices.Sort(t.Parts)
	slices.Sort(t.To)
	slices.Sort(t.Offices)
	for _, name := range t.Parts {
		ref, _ := x.Header.Part(name)
		for _, why := range release.CheckWiden(ref.Marking, x.Header.Party, t.To, t.Offices) {
			f.wrong("parts", "widen.why", "Section", r.sectionWords(name), "Why", r.web.languages[r.lang].why(why.Code, why.Values))
			break
		}
	}
	if !f.ok() {
		return f.again(p), nil
	}
	terms, err := termsOf(t)
	if err != nil {
		return nil, err
	}
	return w.prepare(r, node.Act{Group: r.group.ID, Kind: d.State.Kind, Verb: record.Release, Instrument: d.State.Instrument, Terms: terms})
}

// widenedBy is the record whose parts a release names, with those alone and the markings that they have once it counts.
func (w *Web) widenedBy(r *request, h *record.Header, t *entente.Widening) (*record.Header, error) {
	x, err := w.node.Record(r.Context(), r.who, r.group.ID, t.Of)
	if errors.Is(err, node.ErrNotFound) {
		return h, nil // it cannot be put on record, and its draft says why
	} else if err != nil {
		return nil, err
	}
	d, err := w.node.Instrument(r.Context(), r.who, r.group.ID, h.Instrument)
	if err != nil {
		return nil, err
	}
	out := &record.Header{Party: x.Header.Party}
	for _, p := range x.Header.Parts {
		if slices.Contains(t.Parts, p.Name) {
			p.Marking = release.Widen(d.State.Marking(t.Of, p.Name, p.Marking), t.To, t.Offices)
			out.Parts = append(out.Parts, p)
		}
	}
	return out, nil
}
