package main

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"entente"
	"entente/api"
	"entente/node"
	"entente/record"
)

// put drafts an act and signs it with the seats given.
func (s *session) put(a *app, g record.ID, act api.NewAct, f signFlags) (*api.Progress, error) {
	return s.putDraft(a, g, f, func() (api.Draft, error) { return s.NewDraft(a.ctx, g, act) })
}

// putDraft signs what draft makes. One that must be cleared at home first stays a draft.
func (s *session) putDraft(a *app, g record.ID, f signFlags, draft func() (api.Draft, error)) (*api.Progress, error) {
	var seats []seatRef
	for _, x := range f.Seat { // before anything is drafted
		ref, err := parseSeat(a.flags.Dir, x)
		if err != nil {
			return nil, err
		}
		seats = append(seats, ref)
	}
	d, err := draft()
	if err != nil {
		return nil, err
	}
	if len(seats) == 0 || len(d.Uncleared) > 0 {
		return &api.Progress{Draft: &d}, nil
	}
	p, err := s.sign(a, g, d, seats, f)
	if err != nil {
		if e := s.DropDraft(a.ctx, g, d.Nonce); e != nil && !errors.Is(e, node.ErrNotFound) {
			return nil, hint(err, "the act stays as draft %s; entente drop %s discards it", d.Nonce, d.Nonce.String()[:8])
		}
	}
	return p, err
}

// sign shows what is to be signed, asks, and signs with each seat. What is shown and what is signed are computed here, from the
// header's own bytes and the parts held against it: a node that shows one text and asks for the signature of another is found out.
func (s *session) sign(a *app, g record.ID, d api.Draft, seats []seatRef, f signFlags) (*api.Progress, error) {
	h, text, err := s.exactText(a, g, d)
	if err != nil {
		return nil, err
	}
	a.say("%s", text)
	if err := a.confirm("Sign exactly this?", f.Yes); err != nil {
		return nil, err
	}
	if err := a.confirmWidening(d, f.Widen); err != nil {
		return nil, err
	}
	var all []record.Approval
	for _, seat := range seats {
		x, err := a.approve(h.Party, d.Act, seat, f.PassphraseFile)
		if err != nil {
			return nil, err
		}
		all = append(all, x)
	}
	p, err := s.ApproveWidening(a.ctx, g, d.Nonce, len(d.Widens) > 0, all...)
	return &p, err
}

// confirmWidening shows who gets more by the act than before, and asks again: --yes does not answer it.
func (a *app) confirmWidening(d api.Draft, yes bool) error {
	if len(d.Widens) == 0 {
		return nil
	}
	var who []string
	for _, x := range d.Widens {
		who = append(who, clean(x.String()))
	}
	a.say("By this act more may hold or read than before:\n  %s", strings.Join(who, "\n  "))
	if a.terminal() == nil && !yes {
		return hint(fmt.Errorf("the act lets more hold or read than before: %s; nobody is at the terminal to say that it is meant", strings.Join(who, "; ")), "if it is, add --confirm-widening")
	}
	return a.confirm("Is that meant?", yes)
}

// signRoot signs what only the root key may sign.
func (s *session) signRoot(a *app, g record.ID, d api.Draft, root rootFlags, yes bool) (*node.Sealed, error) {
	h, text, err := s.exactText(a, g, d)
	if err != nil {
		return nil, err
	}
	a.say("%s", text)
	if err := a.confirm("Sign exactly this with the root key?", yes); err != nil {
		return nil, err
	}
	k, err := root.root(a)
	if err != nil {
		return nil, err
	}
	return s.approveRoot(a, g, h.Party, d, k)
}

func (s *session) approveRoot(a *app, g record.ID, party record.Party, d api.Draft, root ed25519.PrivateKey) (*node.Sealed, error) {
	p, err := s.operator.Approve(a.ctx, g, d.Nonce, record.Approve(d.Act, party, record.RootOffice, 0, time.Now().Unix(), root))
	if err == nil && p.Sealed == nil {
		err = fmt.Errorf("not on record: %s", strings.Join(p.Draft.Missing, "; "))
	}
	return p.Sealed, err
}

var errOtherText = errors.New("the node shows one text and asks for a signature under another")

// exactText is what a signature will stand under, in words.
func (s *session) exactText(a *app, g record.ID, d api.Draft) (*record.Header, string, error) {
	wrong := func(what string) error {
		return hint(fmt.Errorf("%w: %s", errOtherText, what), "do not sign; have the node looked at")
	}
	h := new(record.Header)
	if err := record.Unmarshal(d.Encoded, h); err != nil {
		return nil, "", wrong("its header cannot be read")
	}
	if act, err := record.Act(h); err != nil || act != d.Act {
		return nil, "", wrong("its digest is another")
	}
	if h.Group != g || h.Nonce != d.Nonce {
		return nil, "", wrong("it belongs to another group or draft")
	}
	var b strings.Builder
	fmt.Fprintf(&b, "To be signed for %s: %s %s\n", h.Party, h.Kind, h.Verb)
	line := func(name string, v any, is bool) {
		if is {
			fmt.Fprintf(&b, "  %-12s %v\n", name, v)
		}
	}
	line("group", h.Group, true)
	line("instrument", h.Instrument, !h.Instrument.IsZero())
	line("version", h.Version, !h.Version.IsZero())
	line("replaces", h.Replaces, !h.Replaces.IsZero())
	line("charter", h.Charter, true)
	line("until", moment(h.Until), h.Until != 0)
	line("participants", h.Participants, len(h.Participants) > 0)
	line("line", h.Line, h.Line != "")
	line("nature", clean(string(h.Nature)), h.Nature != "")
	terms, err := a.kinds.DecodeTerms(h)
	if err != nil {
		return nil, "", hint(err, "this program does not know the kind or its terms, and signs nothing that it cannot show: use the version that the node runs")
	}
	if p, is := terms.(*entente.Powers); is {
		was, err := s.powersBefore(a, g, h.Party)
		if err != nil {
			return nil, "", err
		}
		powersLines(&b, was, p)
	} else if len(h.Terms) > 0 {
		fmt.Fprintf(&b, "  %-12s %s\n", "terms", clean(jsonText(terms)))
	}
	if len(h.Parts) > 0 {
		parts, err := s.DraftParts(a.ctx, g, d.Nonce)
		if err != nil {
			return nil, "", fmt.Errorf("read what is to be signed: %w", err)
		}
		if len(parts) != len(h.Parts) {
			return nil, "", hint(fmt.Errorf("%d of %d parts may be read by this office", len(parts), len(h.Parts)), "sign as an office that may read them all: --as OFFICE")
		}
		for _, p := range parts {
			if len(p.Salt) != len(record.Salt{}) {
				return nil, "", wrong("a part has no salt")
			}
			if err := record.Open(h, record.Part{Name: p.Name, Salt: record.Salt(p.Salt), Content: p.Raw}); err != nil {
				return nil, "", wrong("the part " + p.Name + " is not the one in its header")
			}
			ref, _ := h.Part(p.Name)
			partText(&b, p.Name, ref, p.Raw, p.Table)
		}
	}
	if err := s.underlying(a, g, h, &b); err != nil {
		return nil, "", err
	}
	fmt.Fprintf(&b, "  %-12s %s", "act", d.Act)
	return h, b.String(), nil
}

// shown of one part before a signature; the rest is read with entente read.
const (
	shownRunes = 4000
	shownRows  = 20
)

func partText(b *strings.Builder, name string, ref record.PartRef, raw []byte, t *api.Table) {
	fmt.Fprintf(b, "  part %s, TLP:%s to %v, %d bytes, digest %s\n", name, ref.Marking.TLP, ref.Marking.ReleasableTo, ref.Length, ref.Digest)
	switch {
	case t != nil:
		fmt.Fprintf(b, "    %d rows of %s\n", len(t.Rows), clean(strings.Join(t.Columns, ", ")))
		for i, row := range t.Rows {
			if i == shownRows {
				fmt.Fprintf(b, "    … (read the rest before signing: entente read)\n")
				break
			}
			fmt.Fprintf(b, "    %s\n", clean(strings.Join(row[1:], ", ")))
		}
	case !utf8.Valid(raw):
	default:
		s := []rune(clean(string(raw)))
		if len(s) > shownRunes {
			s = append(s[:shownRunes:shownRunes], []rune(" … (read the rest before signing)")...)
		}
		fmt.Fprintf(b, "    %s\n", strings.ReplaceAll(strings.TrimSpace(string(s)), "\n", "\n    "))
	}
}

// underlying shows the text that a consent or withdrawal speaks of.
func (s *session) underlying(a *app, g record.ID, h *record.Header, b *strings.Builder) error {
	if (h.Verb != record.Consent && h.Verb != record.Withdraw) || h.Version == g {
		return nil
	}
	r, err := s.Record(a.ctx, g, h.Version)
	if err != nil {
		return fmt.Errorf("read the version: %w", err)
	}
	fmt.Fprintf(b, "  of the text that %s proposed on %s", r.Header.Party, day(r.Header.Time))
	if len(r.Header.Terms) > 0 {
		fmt.Fprintf(b, ", terms %s", clean(string(r.Header.Terms)))
	}
	b.WriteByte('\n')
	parts, err := s.Parts(a.ctx, g, h.Version)
	if err != nil {
		return fmt.Errorf("read the version: %w", err)
	}
	for _, ref := range r.Header.Parts {
		i := slices.IndexFunc(parts, func(p api.Part) bool { return p.Name == ref.Name })
		if i < 0 {
			return hint(fmt.Errorf("the part %s of the text may not be read by this office", ref.Name), "sign as an office that may read all of it: --as OFFICE")
		}
		raw := parts[i].Content
		if parts[i].Text != "" {
			raw = []byte(parts[i].Text)
		}
		partText(b, ref.Name, ref, raw, parts[i].Table)
	}
	return nil
}

type draftsCmd struct {
	Group string `help:"The group: track, id or prefix." placeholder:"GROUP"`
}

func (draftsCmd) Help() string {
	return "Examples:\n  entente drafts\n  entente drafts --group own --json"
}

func (c *draftsCmd) Run(a *app) error {
	return listOf(a, c.Group, "No act waits for signatures.", (*api.Client).Drafts, draftText)
}

type signCmd struct {
	Draft    string `arg:"" help:"The draft, by its name or a prefix."`
	Group    string `help:"The group: track, id or prefix." placeholder:"GROUP"`
	Approval string `help:"An approval that was signed elsewhere, as JSON; - reads it from stdin." placeholder:"FILE"`
	Root     bool   `help:"Sign with the party's root key: what changes powers."`
	signFlags
	rootFlags
}

func (signCmd) Help() string {
	return `Shows the exact text and its digest, asks, and signs with the seat. When no signature is missing the act goes on record.
With --approval nothing is signed here: the node takes a signature of the act that an authenticator, a module or another machine made,
in the form of doc/record.md section 6. With --root the party's root key signs: offices, seats and authority that were prepared in the
browser.

Examples:
  entente drafts
  entente sign 0f3a9c --root --root-key /mnt/usb/root.age
  entente sign 0f3a9c --seat legal/2
  entente sign 0f3a9c --approval minister.json`
}

// readApproval reads one approval in the form of the API.
func (a *app) readApproval(file string) (x record.Approval, err error) {
	in := a.in
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return x, fmt.Errorf("approval: %w", err)
		}
		defer f.Close()
		in = f
	}
	d := json.NewDecoder(io.LimitReader(in, 64<<10))
	d.DisallowUnknownFields()
	if err := d.Decode(&x); err != nil {
		return x, hint(fmt.Errorf("approval in %s: %w", file, err), "want office, seat, alg, time, signature and evidence, the last two in base64")
	}
	return x, nil
}

func (c *signCmd) Run(a *app) error {
	ways := 0
	for _, way := range []bool{len(c.Seat) > 0, c.Approval != "", c.Root} {
		if way {
			ways++
		}
	}
	if ways != 1 {
		return usage("say which seat signs, --seat OFFICE/NUMBER, or --root, or bring a signature, --approval FILE: one of them")
	}
	var made []record.Approval
	if c.Approval != "" {
		x, err := a.readApproval(c.Approval)
		if err != nil {
			return err
		}
		made = append(made, x)
	}
	var seats []seatRef
	for _, x := range c.Seat {
		ref, err := parseSeat(a.flags.Dir, x)
		if err != nil {
			return err
		}
		seats = append(seats, ref)
	}
	return a.with(func(s *session) error {
		if c.Root { // before the first powers of a group no office sees it
			s = &session{Client: s.operator, operator: s.operator}
		}
		g, err := s.group(a, c.Group)
		if err != nil {
			return err
		}
		d, err := s.draft(a, g.ID, c.Draft)
		if err != nil {
			return err
		}
		var p *api.Progress
		if c.Root {
			sealed, err := s.signRoot(a, g.ID, d, c.rootFlags, c.Yes)
			if err != nil {
				return err
			}
			p = &api.Progress{Sealed: sealed}
		} else if len(made) > 0 {
			if err := a.confirmWidening(d, c.Widen); err != nil {
				return err
			}
			x, err := s.ApproveWidening(a.ctx, g.ID, d.Nonce, len(d.Widens) > 0, made...)
			if err != nil {
				return err
			}
			p = &x
		} else if p, err = s.sign(a, g.ID, d, seats, c.signFlags); err != nil {
			return err
		}
		return a.print(p, func(w io.Writer) { progressText(w, p) })
	})
}

type dropCmd struct {
	Draft string `arg:"" help:"The draft, by its name or a prefix."`
	Group string `help:"The group: track, id or prefix." placeholder:"GROUP"`
}

func (dropCmd) Help() string { return "Example:\n  entente drop 0f3a9c" }

func (c *dropCmd) Run(a *app) error {
	return a.with(func(s *session) error {
		g, err := s.group(a, c.Group)
		if err != nil {
			return err
		}
		d, err := s.draft(a, g.ID, c.Draft)
		if err != nil {
			return err
		}
		if err := s.DropDraft(a.ctx, g.ID, d.Nonce); err != nil {
			return err
		}
		return a.print(map[string]any{"dropped": d.Nonce}, func(w io.Writer) { fmt.Fprintf(w, "Draft %s is gone, with its content.\n", d.Nonce) })
	})
}
