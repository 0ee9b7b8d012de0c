package web

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"entente/node"
	"entente/record"
	"entente/territory"
)

// setupBody is what an office that sets the node up goes through before the first group, and comes back to for the next one.
type setupBody struct {
	Own      node.Introduction
	Name     string
	Heard    string // the fingerprint of the own introduction, to be read aloud
	Keys     *node.RecoveryState
	Parties  []partyRow
	Charters []foundingRow
	Ground   []*territory.Boundary // boundary data held here
}

type partyRow struct {
	node.Known
	Name string
	By   string // the office that compared it; empty: the operator
}

// setup shows how far the node is set up, and what comes next.
func (w *Web) setup(r *request) (answer, error) {
	known, err := w.node.KnownParties(r.Context(), r.who)
	if err != nil {
		return nil, err
	}
	own, err := w.node.Introduction(r.Context())
	if err != nil {
		return nil, err
	}
	b := setupBody{Own: own, Name: nameIn(own, r.lang), Heard: own.Fingerprint()}
	if b.Keys, err = w.node.RecoveryState(r.Context(), r.who); err != nil {
		return nil, err
	}
	for _, k := range known {
		x := partyRow{Known: k, Name: nameIn(k.Introduction, r.lang)}
		if k.Office != "" {
			x.By = w.officeName(r, k.Office)
		}
		b.Parties = append(b.Parties, x)
	}
	b.Ground = w.node.Boundaries()
	if b.Charters, err = w.foundingsWait(r); err != nil {
		return nil, err
	}
	return page{name: "setup", title: r.t("setup.title"), nav: "setup", body: b}, nil
}

// nameIn is a party's name by its introduction.
func nameIn(i node.Introduction, lang string) string {
	if n := i.Names[lang]; n != "" {
		return n
	}
	return string(i.Party)
}

// ownIntroduction is the file to hand over. It holds no secret.
func (w *Web) ownIntroduction(r *request) (answer, error) {
	if !w.node.SetsUp(r.who) {
		return nil, fmt.Errorf("introduction: %w", node.ErrForbidden)
	}
	i, err := w.node.Introduction(r.Context())
	if err != nil {
		return nil, err
	}
	b, err := i.Encode()
	return file{name: string(i.Party) + ".introduction", mime: "application/json", content: b}, err
}

// partyBody asks for another party's introduction and then for what was heard over the telephone.
type partyBody struct {
	Form *form
	Met  *metBody // the introduction at hand; nil: it is asked for
}

type metBody struct {
	Party          record.Party
	Name, Address  string
	Changed, Same  bool // another is known already; this very one is
	Since          int64
	OwnFingerprint string
}

// newParty keeps another party's introduction. Its fingerprint is not shown: who could copy it from the page would compare nothing.
func (w *Web) newParty(r *request) (answer, error) {
	known, err := w.node.KnownParties(r.Context(), r.who)
	if err != nil {
		return nil, err
	}
	f, err := r.form("/setup/party", r.t("setup.party-read"),
		field{Name: "file", Control: controlFile, Label: r.t("setup.party-file"), Hint: r.t("setup.party-file-hint"), Optional: true},
		field{Name: "text", Control: controlText, Label: r.t("setup.party-text"), Optional: true, Rows: 5})
	if err != nil {
		return nil, err
	}
	f.Back = "/setup"
	p := page{name: "setup-party", title: r.t("setup.party-new"), nav: "setup", body: partyBody{Form: f}}
	if r.Method != "POST" {
		return p, nil
	}
	text := r.PostFormValue("introduction")
	if text == "" {
		files, err := f.uploads("file")
		if err != nil {
			return nil, err
		}
		for _, u := range files {
			text = string(u.Content)
		}
		if t := f.text("text"); text == "" {
			text = t
		}
		if text == "" {
			f.wrong("file", "setup.party-none")
			return f.again(p), nil
		}
	}
	i, err := node.ParseIntroduction([]byte(text))
	if err != nil {
		f.wrong("file", "setup.party-wrong")
		return f.again(p), nil
	}
	if i.Party == w.node.Party() {
		f.wrong("file", "setup.party-own")
		return f.again(p), nil
	}
	return w.heard(r, i, known)
}

// heard asks for the digits that the counterpart reads aloud, and keeps the introduction when they are its fingerprint.
func (w *Web) heard(r *request, i node.Introduction, known []node.Known) (answer, error) {
	own, err := w.node.Introduction(r.Context())
	if err != nil {
		return nil, err
	}
	b, err := i.Encode()
	if err != nil {
		return nil, err
	}
	m := &metBody{Party: i.Party, Name: nameIn(i, r.lang), Address: i.Address, OwnFingerprint: own.Fingerprint()}
	was := ""
	if at := slices.IndexFunc(known, func(k node.Known) bool { return k.Party == i.Party }); at >= 0 {
		was, m.Since = known[at].Fingerprint, known[at].Met
		m.Changed, m.Same = was != i.Fingerprint(), was == i.Fingerprint()
	}
	asked := r.PostForm.Has("introduction")
	f, err := r.form("/setup/party", r.t("setup.party-keep"),
		field{Name: "heard", Control: controlInput, Label: r.t("setup.heard"), Hint: r.t("setup.heard-hint")},
		field{Name: "introduction", Control: controlHidden, Values: []string{string(b)}}, field{Name: "was", Control: controlHidden, Values: []string{was}})
	if err != nil {
		return nil, err
	}
	for _, x := range f.Fields[1:] { // the file is sent as the browser made it of a form; these stay as they were computed
		if !asked {
			x.Values = []string{map[string]string{"introduction": string(b), "was": was}[x.Name]}
		}
	}
	f.Back, f.Warning = "/setup", m.Changed
	p := page{name: "setup-party", title: r.t("setup.party-compare", "Party", m.Name), nav: "setup", body: partyBody{f, m}}
	if !asked {
		return p, nil
	}
	heard := f.text("heard")
	if f.ok() {
		err := w.node.MeetHeard(r.Context(), r.who, i, heard, r.PostFormValue("was"))
		if err == nil {
			return redirect{to: "/setup", done: "party-known"}, nil
		}
		if !errors.Is(err, node.ErrFingerprint) {
			return nil, err
		}
		f.wrong("heard", "setup.heard-wrong")
	}
	return f.again(p), nil
}

// recoveryBody says where the keys are that no node may hold, and asks where the party keeps them.
type recoveryBody struct {
	Form  *form
	State *node.RecoveryState
	By    string
}

func (w *Web) recoveryKeys(r *request) (answer, error) {
	s, err := w.node.RecoveryState(r.Context(), r.who)
	if err != nil {
		return nil, err
	}
	f, err := r.form("/setup/keys", r.t("setup.keys-note"),
		field{Name: "root", Control: controlInput, Label: r.t("setup.keys-root"), Hint: r.t("setup.keys-where-hint")},
		field{Name: "next", Control: controlInput, Label: r.t("setup.keys-next"), Hint: r.t("setup.keys-next-hint")},
		field{Name: "sheet", Control: controlInput, Label: r.t("setup.keys-sheet"), Hint: r.t("setup.keys-sheet-hint")},
		field{Name: "compared", Control: controlInput, Label: r.t("setup.keys-compared"), Hint: r.t("setup.keys-compared-hint"), Width: 10},
		editionField(s.Edition))
	if err != nil {
		return nil, err
	}
	f.Back = "/setup"
	b := recoveryBody{Form: f, State: s}
	if s.Places != nil {
		f.set("root", s.Places.Root)
		f.set("next", s.Places.Next)
		f.set("sheet", s.Places.Sheet)
		b.By = w.officeName(r, s.Edition.Office)
	}
	p := page{name: "setup-keys", title: r.t("setup.keys"), nav: "setup", body: b}
	if r.Method != "POST" {
		return p, nil
	}
	places := node.RecoveryPlaces{Root: f.line("root", maxContactLine), Next: f.line("next", maxContactLine), Sheet: f.line("sheet", maxContactLine), Compare: true}
	if places.Root != "" && places.Root == places.Next {
		f.wrong("next", "setup.keys-apart")
	}
	if end := strings.ToLower(strings.Join(strings.Fields(f.text("compared")), "")); end != "" && end != lastOf(s.Next) {
		f.wrong("compared", "setup.keys-compared-wrong")
	}
	if !f.ok() {
		return f.again(p), nil
	}
	if err := w.node.PutRecoveryPlaces(r.Context(), r.who, places, r.edition(s.Edition)); err != nil {
		return nil, err
	}
	return redirect{to: "/setup", done: "recovery-noted"}, nil
}

// lastOf are the last eight signs of a digest, which a person reads from the sheet.
func lastOf(id record.ID) string { s := id.String(); return s[len(s)-8:] }

// newBoundary keeps a file of boundary data, which charters name by its digest.
func (w *Web) newBoundary(r *request) (answer, error) {
	if !w.node.SetsUp(r.who) {
		return nil, fmt.Errorf("boundary: %w", node.ErrForbidden)
	}
	f, err := r.form("/setup/boundary", r.t("setup.boundary-keep"), field{Name: "file", Control: controlFile, Label: r.t("setup.party-file"), Hint: r.t("setup.boundary-hint")})
	if err != nil {
		return nil, err
	}
	f.Back = "/setup"
	p := page{name: "people-form", title: r.t("setup.boundary-new"), nav: "setup", body: peopleForm{Form: f, Lead: r.t("setup.boundary-lead")}}
	if r.Method != "POST" {
		return p, nil
	}
	files, err := f.uploads("file")
	if err != nil {
		return nil, err
	}
	if f.ok() {
		_, err := w.node.TakeBoundary(r.who, files[0].Content)
		if err == nil {
			return redirect{to: "/setup", done: "boundary-kept"}, nil
		}
		if !errors.Is(err, node.ErrInvalid) {
			return nil, err
		}
		f.wrong("file", "setup.boundary-wrong")
	}
	return f.again(p), nil
}

// boundaryFile is a boundary file to hand to another party. Whoever takes it in compares the digest with the charter's.
func (w *Web) boundaryFile(r *request) (answer, error) {
	id, err := record.ParseID(r.PathValue("digest"))
	if err != nil {
		return nil, fmt.Errorf("boundary: %w", node.ErrNotFound)
	}
	b, err := w.node.BoundaryFile(r.who, id)
	return file{name: id.Short() + ".boundary", mime: "application/octet-stream", content: b}, err
}
