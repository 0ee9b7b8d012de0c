package web

import (
	"fmt"
	"slices"

	"entente"
	"entente/consent"
	"entente/node"
	"entente/record"
)

// instrumentBody is one instrument: its text in both languages, who has signed it, what may be done, what happened.
type instrumentBody struct {
	*node.Detail
	Kind    string
	Name    name
	Texts   []text
	Version *entente.VersionState
	Sides   []side
	Acts    []act
	History []happened
	Facts   []entente.Fact
}

// side is one party's word on the text, own party first.
type side struct {
	Party   record.Party
	Own     bool
	Word    string // message key
	Time    int64
	Signers []string
}

// act is something the reader's party may do now.
type act struct {
	Verb    record.Verb
	Key     string // of its label
	Version record.ID
	Warning bool
}

type happened struct {
	ID      record.ID
	Time    int64
	Party   record.Party
	Key     string
	Void    []entente.Reason
	Texts   []text
	Signers []string
	Counts  bool
}

func (w *Web) instrument(r *request) (answer, error) {
	id, err := record.ParseID(r.PathValue("id"))
	if err != nil {
		return nil, fmt.Errorf("instrument: %w", node.ErrNotFound)
	}
	d, err := w.node.Instrument(r.Context(), r.who, r.group.ID, id)
	if err != nil {
		return nil, err
	}
	b := instrumentBody{Detail: d, Kind: r.kindName(d.State.Kind, false), Version: d.State.Text(), Facts: d.State.Facts}
	var wants []node.Want
	for _, x := range d.Records {
		wants = append(wants, node.Want{Group: r.group.ID, Record: x.ID, Names: []string{"title.*", "body.*"}})
	}
	texts, err := w.read(r, wants)
	if err != nil {
		return nil, err
	}
	for _, x := range d.Records {
		h := happened{ID: x.ID, Time: x.Header.Time, Party: x.Header.Party, Key: "did." + string(x.Header.Verb), Void: x.Reasons, Counts: x.Counts,
			Signers: w.signers(r, x.Header), Texts: texts.bilingual(r.group, x.Header, x.ID)}
		if x.ID == titled(d.State) {
			b.Texts, h.Texts = h.Texts, nil
		}
		b.History = append(b.History, h)
	}
	slices.Reverse(b.History)
	b.Name = texts.name(r, r.group, d.State)
	b.Sides, b.Acts = w.sides(r, b.Version), w.acts(d)
	return page{name: "instrument", title: b.Name.Text, nav: d.State.Kind, body: b}, nil
}

// signers names the offices and seats that approved a record.
func (w *Web) signers(r *request, h *record.Header) []string {
	var out []string
	l, err := w.node.Ledger(h.Group)
	if err != nil {
		return nil
	}
	p := l.Ring(h.Party).At(h.Index)
	for _, a := range h.Approvals {
		n := a.Office
		if p != nil {
			if o, ok := p.Office(a.Office); ok && o.Names[r.lang] != "" {
				n = o.Names[r.lang]
			}
		}
		if a.Office == record.RootOffice {
			out = append(out, r.t("signer.root"))
			continue
		}
		out = append(out, r.t("signer.seat", "Office", n, "Seat", a.Seat))
	}
	return out
}

// sides gives each required party's word on a version, own party first.
func (w *Web) sides(r *request, v *entente.VersionState) []side {
	if v == nil {
		return nil
	}
	var out []side
	for _, x := range v.Sides {
		s := side{Party: x.Party, Own: x.Party == w.node.Party(), Word: "side.none"}
		switch {
		case x.Withdrawn != nil && x.Pending:
			s.Word, s.Time = "side.withdrawal-pending", x.Withdrawn.Time
		case x.Withdrawn != nil:
			s.Word, s.Time = "side.withdrawn", x.Withdrawn.Time
		case x.Consent != nil:
			s.Word, s.Time = "side.agreed", x.Consent.Time
		}
		out = append(out, s)
	}
	slices.SortStableFunc(out, func(a, b side) int {
		switch {
		case a.Own && !b.Own:
			return -1
		case b.Own && !a.Own:
			return 1
		}
		return 0
	})
	return out
}

// acts are what the reader's party may do with the texts of an instrument now. The gate decides again when it is done.
func (w *Web) acts(d *node.Detail) []act {
	kind := w.node.Kinds()[d.State.Kind]
	if kind == nil {
		return nil
	}
	own, now := w.node.Party(), w.node.Now()
	var out []act
	for _, v := range d.State.Versions {
		i := slices.IndexFunc(v.Sides, func(s entente.Side) bool { return s.Party == own })
		if i < 0 {
			continue
		}
		mine := v.Sides[i]
		open := v.Standing == consent.Open && (v.Until == 0 || now <= v.Until)
		switch {
		case open && mine.Consent == nil:
			out = append(out, act{record.Consent, "act.agree", v.ID, false})
		case open && mine.Consent != nil && mine.Withdrawn == nil:
			out = append(out, act{record.Withdraw, "act.withdraw", v.ID, true})
		case v.Standing == consent.InForce && d.View.Phase == entente.PhaseInForce && len(d.State.Notices) == 0:
			out = append(out, act{record.Withdraw, "act.leave", v.ID, true})
		}
	}
	return out
}

// startAct drafts an act on a version: nothing is on record before officials have signed it.
func (w *Web) startAct(r *request) (answer, error) {
	version, err := record.ParseID(r.PostFormValue("version"))
	if err != nil {
		return nil, fmt.Errorf("version: %w", node.ErrInvalid)
	}
	id, err := record.ParseID(r.PathValue("id"))
	if err != nil {
		return nil, fmt.Errorf("instrument: %w", node.ErrNotFound)
	}
	d, err := w.node.Instrument(r.Context(), r.who, r.group.ID, id)
	if err != nil {
		return nil, err
	}
	verb := record.Verb(r.PostFormValue("verb"))
	if !slices.ContainsFunc(w.acts(d), func(a act) bool { return a.Verb == verb && a.Version == version }) {
		return nil, fmt.Errorf("this cannot be done now: the text has changed since the page was shown: %w", node.ErrConflict)
	}
	return w.prepare(r, node.Act{Group: r.group.ID, Kind: d.State.Kind, Verb: verb, Instrument: id, Version: version})
}

// prepare keeps a draft of an act and goes to the page where it is read and signed.
func (w *Web) prepare(r *request, a node.Act) (answer, error) {
	d, err := w.node.Prepare(r.Context(), r.who, a)
	if err != nil {
		return nil, err
	}
	if err := w.node.Save(r.Context(), d); err != nil {
		return nil, err
	}
	return redirect{to: r.group.Href("drafts", d.Nonce.String())}, nil
}

// evidence is the proof to keep or hand over.
func (w *Web) evidence(r *request) (answer, error) {
	id, err := record.ParseID(r.PathValue("id"))
	if err != nil {
		return nil, fmt.Errorf("record: %w", node.ErrNotFound)
	}
	b, err := w.node.Evidence(r.Context(), r.who, r.group.ID, id, nil)
	if err != nil {
		return nil, err
	}
	return file{name: "entente-" + r.group.Chart.Track + "-" + id.Short() + ".evidence", mime: "application/octet-stream", content: b}, nil
}
