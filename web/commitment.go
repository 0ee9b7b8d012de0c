package web

import (
	"encoding/json"
	"net/http"

	"entente"
	"entente/node"
	"entente/record"
)

func termsOf(v any) (json.RawMessage, error) { return json.Marshal(v) }

// promise says the terms of a commitment in words.
func (w *Web) promise(r *request, h *record.Header, terms any) []particular {
	t, ok := terms.(*entente.Commitment)
	if !ok {
		return nil
	}
	g := r.group
	owner := g.PartyName(t.Owner)
	if t.Office != "" {
		owner = r.t("office.of", "Party", owner, "Office", w.officeOf(r, t.Owner, t.Office))
	}
	verifier := r.t("verifier.any")
	if t.Verifier != "" {
		if verifier = g.PartyName(t.Verifier); t.VerifierOffice != "" {
			verifier = r.t("office.of", "Party", verifier, "Office", w.officeOf(r, t.Verifier, t.VerifierOffice))
		}
	}
	out := []particular{{Key: "commitment.owner", Text: owner}, {Key: "commitment.due", Text: r.deadline(t.Due)}, {Key: "commitment.verifier", Text: verifier}}
	if h.Nature != "" {
		nature := r.t("nature." + string(h.Nature))
		if n := t.Treaty[r.lang]; n != "" {
			nature = r.t("nature.under", "Nature", nature, "Treaty", n)
		}
		out = append(out, particular{Key: "commitment.nature", Text: nature})
	}
	if t.Budget != "" {
		out = append(out, particular{Key: "commitment.budget", Text: r.web.languages[r.lang].amount(record.Decimal(t.Budget), t.Currency)})
	}
	if h.Until != 0 {
		out = append(out, particular{Key: "commitment.until", Text: r.deadline(h.Until)})
	}
	return out
}

// officeOf is the name of a party's office, by the powers now on record.
func (w *Web) officeOf(r *request, p record.Party, id string) string {
	return officeIn(w.powersNow(r, p), id, r.lang)
}

// powersNow are a party's powers as far as its log counts here.
func (w *Web) powersNow(r *request, p record.Party) *entente.Powers {
	l, err := w.node.Ledger(r.group.ID)
	if err != nil {
		return nil
	}
	return l.Ring(p).At(uint64(r.group.Info.Cut[p]))
}

// reportForm is a report on a commitment by who owes it: how far it is, in words, with papers.
func (w *Web) report(r *request) (answer, error) {
	d, err := w.detail(r)
	if err != nil {
		return nil, err
	}
	if len(w.acts(r, d)) == 0 {
		return nil, changed()
	}
	f, err := r.form(r.group.Href("i", d.State.Instrument.String(), "report"), r.t("draft.go"), r.reportFields()...)
	if err != nil {
		return nil, err
	}
	version := d.State.InForce().ID
	p, err := w.aboutAct(r, d, r.t("report.title"), r.t("report.lead"), f, version)
	if err != nil || r.Method != http.MethodPost {
		return p, err
	}
	progress := f.choice("progress")
	parts := f.bodyParts(true)
	files, err := f.papers("papers", f.marking("papers-for"))
	if err != nil {
		return nil, err
	}
	if !f.ok() {
		return f.again(p), nil
	}
	terms, err := termsOf(entente.Progress{Progress: progress})
	if err != nil {
		return nil, err
	}
	return w.prepare(r, node.Act{Group: r.group.ID, Kind: d.State.Kind, Verb: record.Report, Instrument: d.State.Instrument, Version: version, Terms: terms,
		Parts: append(parts, files...)})
}

func (r *request) reportFields() []field {
	out := []field{{Name: "progress", Control: controlRadios, Label: r.t("report.progress"), Options: []option{
		{entente.ProgressUnderWay, r.t("progress.under-way"), ""}, {entente.ProgressDone, r.t("progress.done"), r.t("progress.done-hint")}}}}
	out = append(out, r.bodies("report.text", 8)...)
	out = append(out, field{Name: "papers", Control: controlFile, Label: r.t("report.papers"), Hint: r.t("report.papers-hint"), Optional: true, Many: true})
	return append(out, r.ownToo(r.handled("papers-for", r.t("recipients.label")))...)
}
