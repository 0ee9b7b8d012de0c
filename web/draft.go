package web

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"entente"
	"entente/node"
	"entente/record"
	"entente/release"
	"entente/store"
)

// draftBody is an act before it is signed: exactly what will be signed, and what follows from it.
type draftBody struct {
	*node.Draft
	Kind    string
	Texts   []text
	Quote   string // of a claim
	Annexes []annex
	Charter *charterView  // that founds the group, where the act speaks of it
	Version *draftVersion // of which text a consent or withdrawal speaks
	Holders []holder
	Widens  *widening // nil: nobody gets more by it than before
	Seats   []seat
	Office  string      // that signs here
	Powers  *powersView // that it would put on record
	Changes []string    // what they change
	Terms   string

	Particulars []particular // in words, of a proposal
	Map         *mapView     // of its area; nil: it has none
	Follows     string       // message key: what follows from signing
	Command     string       // the same on the command line
	Lacking     int

	Uncleared *unclearedText
	Held      []heldRow
	Announces bool            // it may be published one day: Held was looked for
	Unchecked string          // why it was not
	Figures   *draftedFigures // nil: it reports none
}

// draftVersion is the text that an act speaks of, shown in full before anybody signs.
type draftVersion struct {
	ID    record.ID
	Texts []text
}

// annex is a part that is a file.
type annex struct {
	Name   string
	Length uint64
	Href   string
	Held   bool // it has arrived here
	Own    bool // it stays with its party
}

// holder says which parties will hold a copy of which parts: those with one marking stand together.
type holder struct {
	Parts   []string // in words
	Parties []record.Party
	Offices string // that alone may read it, in words, where it is TLP:RED
	Public  bool
	TLP     record.TLP
}

// seat is an official of the reader's office who can sign.
type seat struct {
	Number uint64
	Signed bool
	Alg    record.Alg
	IDs    string // of the signing credentials kept for this seat, in hex
}

func (w *Web) draft(r *request) (answer, error) {
	d, err := w.draftOf(r)
	if err != nil {
		return nil, err
	}
	b, err := w.draftBody(r, d)
	if err != nil {
		return nil, err
	}
	return r.draftPage(b), nil
}

func (r *request) draftPage(b *draftBody) page {
	return page{name: "draft", title: r.t("draft.title", "Kind", b.Kind), nav: b.Header.Kind, body: b}
}

// draftBody reads what an official is shown before signing.
func (w *Web) draftBody(r *request, d *node.Draft) (*draftBody, error) {
	h := d.Header
	parts, err := w.node.DraftParts(r.Context(), r.who, r.group.ID, d.Nonce)
	if err != nil {
		return nil, err
	}
	shown := reading{lang: r.lang, web: w, texts: node.Texts{d.Act: &node.Text{Parts: parts}}}
	b := &draftBody{Draft: d, Kind: r.kindName(h.Kind, false), Follows: "follows." + string(h.Verb), Lacking: len(d.Missing),
		Command: "entente sign " + d.Nonce.String()[:12] + " --seat " + r.who.Office + "/1"}
	wide := h
	if t := w.node.Kinds().WideningOf(h); t != nil {
		b.Follows = "follows.widen"
		if wide, err = w.widenedBy(r, h, t); err != nil {
			return nil, err
		}
	}
	if b.Figures = w.draftedFigures(r, r.group, h, parts); b.Figures != nil {
		b.Figures.File = r.group.Href("drafts", d.Nonce.String(), "figures")
	}
	if len(h.Parts) > 0 && (b.Figures == nil || len(h.Parts) > 1) {
		b.Texts = shown.bilingual(r.group, h, d.Act)
		if !slices.ContainsFunc(b.Texts, func(t text) bool { return !t.Missing }) {
			b.Texts = nil // it has parts that are no texts
		}
	}
	b.Holders, b.Quote = w.holders(r, r.group, wide), shown.part(d.Act, entente.QuotePart)
	if b.Widens, err = w.widening(r, d); err != nil {
		return nil, err
	}
	for _, p := range h.Parts {
		if shown.part(d.Act, p.Name) == "" && (b.Figures == nil || p.Name != record.RowsPart) {
			b.Annexes = append(b.Annexes, annex{Name: p.Name, Length: p.Length})
		}
	}
	if !h.Version.IsZero() && h.Version != r.group.ID {
		texts, err := w.versionTexts(r, r.group, h.Version)
		if err != nil {
			return nil, err
		}
		b.Version = &draftVersion{h.Version, texts}
	}
	if h.Version == r.group.ID && !r.group.Own {
		b.Charter = w.charterView(r, r.group, r.group.Info.Founding)
	}
	b.Terms, b.Particulars = w.terms(h), w.particularsIn(r, r.group, h)
	b.Map = w.mapOfDraft(r, h, shown.part(d.Act, entente.ShapePart))
	if b.Uncleared, err = w.uncleared(r, d); err != nil {
		return nil, err
	}
	if b.Held, b.Announces, err = w.heldRows(r, d); errors.Is(err, node.ErrConflict) {
		b.Unchecked = r.whyNot(err)
	} else if err != nil {
		return nil, err
	}
	for _, u := range d.Uncleared { // they stand there with their names
		d.Missing = slices.DeleteFunc(d.Missing, func(m record.Why) bool { return m.Text == u.String() })
	}
	b.Office = r.who.Office
	if w.byRoot(h) {
		b.Office, b.Follows, b.Command = record.RootOffice, "follows.root", "entente sign "+d.Nonce.String()[:12]+" --group "+r.group.ID.Short()+" --root"
		d.Missing = nil
	}
	if p := w.draftedPowers(h); p != nil {
		was, err := w.node.Powers(r.group.ID)
		if err != nil {
			return nil, err
		}
		v := w.powersIn(r, r.group, h.Party, p)
		b.Powers, b.Changes = &v, w.powersChanges(r, r.group, was, p)
	}
	b.Seats, err = w.seats(r, d)
	return b, err
}

// holders say who will hold a copy of which part.
func (w *Web) holders(r *request, g *group, h *record.Header) []holder {
	var out []holder
	for _, p := range h.Parts {
		x := holder{Public: release.Published(p.Marking), TLP: p.Marking.TLP}
		for _, q := range g.Chart.IDs() {
			if release.MayHold(p.Marking, h.Party, q) {
				x.Parties = append(x.Parties, q)
			}
		}
		if p.Marking.TLP == record.Red {
			var offices []string
			for _, o := range p.Marking.Offices {
				offices = append(offices, w.namedOffice(r, g, o))
			}
			x.Offices = strings.Join(offices, "; ")
		}
		i := slices.IndexFunc(out, func(y holder) bool {
			return x.Public == y.Public && x.TLP == y.TLP && slices.Equal(x.Parties, y.Parties) && x.Offices == y.Offices
		})
		if i < 0 {
			i = len(out)
			out = append(out, x)
		}
		if n := r.partWords(p.Name); !slices.Contains(out[i].Parts, n) {
			out[i].Parts = append(out[i].Parts, n)
		}
	}
	return out
}

// namedOffice is an office that a marking names, as MX/legal, in words.
func (w *Web) namedOffice(r *request, g *group, o string) string {
	party, id, ok := strings.Cut(o, "/")
	if !ok {
		return o
	}
	var p *entente.Powers
	if l, err := w.node.Ledger(g.ID); err == nil {
		if ring := l.Ring(record.Party(party)); ring != nil {
			p = ring.At(uint64(g.Info.Cut[record.Party(party)]))
		}
	}
	return r.t("widen.office", "Party", g.PartyName(record.Party(party)), "Office", officeIn(p, id, r.lang))
}

// partWords names a part without its language; a file, and what the messages do not know, under its own name.
func (r *request) partWords(name string) string {
	if _, file, ok := strings.Cut(name, "/"); ok {
		return file
	}
	base, _, _ := strings.Cut(name, ".")
	key := "part." + base
	if s := r.t(key); s != "[["+key+"]]" {
		return s
	}
	return name
}

// seats are those of the reader's own office.
func (w *Web) seats(r *request, d *node.Draft) ([]seat, error) {
	if w.byRoot(d.Header) {
		return rootSeat(d), nil
	}
	p, err := w.node.Powers(r.group.ID)
	if err != nil || p == nil {
		return nil, err
	}
	o, _ := p.Office(r.who.Office)
	var kept []store.Credential
	if w.origin != nil {
		if kept, err = w.node.Credentials(r.Context(), node.CredentialSign, r.who.Office); err != nil {
			return nil, err
		}
	}
	var out []seat
	for _, s := range o.Seats {
		x := seat{Number: s.Number, Alg: s.Key.Alg}
		for _, a := range d.Header.Approvals {
			x.Signed = x.Signed || (a.Office == o.ID && a.Seat == s.Number)
		}
		for _, c := range kept {
			if k, err := seatKey(c, w.origin.Hostname()); err == nil && k.String() == s.Key.String() {
				x.IDs += hex.EncodeToString(c.ID) + " "
			}
		}
		out = append(out, x)
	}
	return out, nil
}

// draftedPowers are the powers that an act would put on record, nil for any other act.
func (w *Web) draftedPowers(h *record.Header) *entente.Powers {
	t, err := w.node.Kinds().DecodeTerms(h)
	if p, ok := t.(*entente.Powers); ok && err == nil {
		return p
	}
	return nil
}

// byRoot reports whether the party's root key signs an act, in the place of officials.
func (w *Web) byRoot(h *record.Header) bool {
	_, rule, err := w.node.Kinds().Rule(h.Kind, h.Verb)
	return err == nil && rule.Root
}

// rootSeat is the root key as a seat. Roots sign with Ed25519.
func rootSeat(d *node.Draft) []seat {
	signed := slices.ContainsFunc(d.Header.Approvals, func(a record.Approval) bool { return a.Office == record.RootOffice })
	return []seat{{Alg: record.Ed25519, Signed: signed}}
}

func (w *Web) draftOf(r *request) (*node.Draft, error) {
	var nonce record.Nonce
	if err := nonce.UnmarshalText([]byte(r.PathValue("nonce"))); err != nil {
		return nil, fmt.Errorf("draft: %w", node.ErrNotFound)
	}
	return w.node.GroupDraft(r.Context(), r.who, r.group.ID, nonce)
}

// signDraft takes a signature that was made on the official's own machine: the key never reaches the node.
func (w *Web) signDraft(r *request) (answer, error) {
	d, err := w.draftOf(r)
	if err != nil {
		return nil, err
	}
	a, err := approvalOf(r)
	if err != nil {
		return nil, err
	}
	left, sealed, err := w.node.AddApprovals(r.Context(), r.who, r.group.ID, d.Nonce, []record.Approval{a}, meansIt(r))
	if errors.As(err, new(*node.Refusal)) {
		if b, e := w.draftBody(r, d); e == nil && r.unmeant(b.Widens, err) {
			p := r.draftPage(b)
			p.status = http.StatusUnprocessableEntity
			return p, nil
		}
	}
	if err != nil {
		return nil, err
	}
	if left != nil {
		return redirect{to: r.group.Href("drafts", d.Nonce.String()), done: "signed"}, nil
	}
	to, done := r.group.Href("i", sealed.Instrument.String()), "on-record"
	switch {
	case sealed.Instrument == r.group.ID:
		to = r.group.Href()
	case w.draftedPowers(d.Header) != nil:
		to, done = r.group.Href("people"), "powers-on-record"
	}
	return redirect{to: to, done: done}, nil
}

func approvalOf(r *request) (record.Approval, error) {
	a, err := approvalsOf(r, 1)
	if err != nil {
		return record.Approval{}, err
	}
	return a[0], nil
}

// approvalsOf reads the signatures of one official under several acts, in their order: one seat, one time, and for each act a
// signature with its evidence, parted by commas.
func approvalsOf(r *request, n int) ([]record.Approval, error) {
	number := func(field string) int64 {
		n, err := strconv.ParseInt(r.PostFormValue(field), 10, 64)
		if err != nil {
			return -1
		}
		return n
	}
	each := func(field string) [][]byte {
		out := make([][]byte, n)
		for i, s := range strings.SplitN(r.PostFormValue(field), ",", n) {
			if b, err := hex.DecodeString(s); err == nil {
				out[i] = b
			}
		}
		return out
	}
	seat, alg, time := number("seat"), number("alg"), number("time")
	signatures, first, second := each("signature"), each("evidence-0"), each("evidence-1")
	office := r.who.Office
	if seat == 0 && r.PostFormValue("office") == record.RootOffice {
		office = record.RootOffice
	}
	out := make([]record.Approval, n)
	for i := range out {
		if seat < 0 || (seat == 0) != (office == record.RootOffice) || time <= 0 || len(signatures[i]) == 0 {
			return nil, fmt.Errorf("%w: %w", node.ErrInvalid, record.Because("sign.scripts", "the signature did not arrive: signing needs this browser's scripts, or the command line"))
		}
		out[i] = record.Approval{Office: office, Seat: uint64(seat), Alg: record.Alg(alg), Time: time, Signature: signatures[i]}
		for _, b := range [][]byte{first[i], second[i]} {
			if len(b) > 0 {
				out[i].Evidence = append(out[i].Evidence, b)
			}
		}
	}
	return out, nil
}

func (w *Web) dropDraft(r *request) (answer, error) {
	d, err := w.draftOf(r)
	if err != nil {
		return nil, err
	}
	if err := w.node.Drop(r.Context(), r.who, d.Nonce); err != nil {
		return nil, err
	}
	to := r.group.Href()
	if i := d.Header.Instrument; !i.IsZero() && i != r.group.ID {
		to = r.group.Href("i", i.String())
	}
	if w.draftedPowers(d.Header) != nil {
		to = r.group.Href("people")
	}
	return redirect{to: to, done: "draft-dropped"}, nil
}
