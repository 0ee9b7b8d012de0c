package web

import (
	"slices"
	"strings"

	"entente"
	"entente/record"
)

// powersView is what a party says of its offices and who signs for it, in words.
type powersView struct {
	Party   record.Party
	Own     bool
	Since   int64 // of the record; 0: none, or not on record yet
	Offices []officeView
}

type officeView struct {
	entente.Office
	Name   string
	Seats  []seatView
	Grants []grantView
}

type seatView struct {
	entente.Seat
	Key  string // as people compare it
	Term string // message key: now, later or ended
}

// grantView is one authority in words.
type grantView struct {
	entente.Grant
	Kinds, Verbs, Lines []string // empty: every one
	Signs               int      // how many must sign
	Ended               bool
}

// powersIn says powers in the reader's language.
func (w *Web) powersIn(r *request, g *group, party record.Party, p *entente.Powers) powersView {
	v := powersView{Party: party, Own: party == w.node.Party()}
	if p == nil {
		return v
	}
	now := w.node.Now()
	for _, o := range p.Offices {
		x := officeView{Office: o, Name: officeNameIn(o, r.lang)}
		for _, s := range o.Seats {
			y := seatView{Seat: s, Key: keyWords(s.Key), Term: "now"}
			switch {
			case now < s.From:
				y.Term = "later"
			case !s.Sits(now):
				y.Term = "ended"
			}
			x.Seats = append(x.Seats, y)
		}
		for _, a := range o.Grants {
			x.Grants = append(x.Grants, r.grantIn(g, a, now))
		}
		v.Offices = append(v.Offices, x)
	}
	return v
}

func (r *request) grantIn(g *group, a entente.Grant, now int64) grantView {
	v := grantView{Grant: a, Signs: int(a.Sign), Ended: a.Until != 0 && now >= a.Until}
	if !slices.Contains(a.Kinds, "*") {
		for _, k := range a.Kinds {
			v.Kinds = append(v.Kinds, r.kindName(k, true))
		}
	}
	for _, x := range a.Verbs {
		v.Verbs = append(v.Verbs, r.t("verb."+string(x)))
	}
	for _, l := range a.Lines {
		v.Lines = append(v.Lines, g.LineName(l))
	}
	return v
}

// keyWords shows the end of a public key, enough to tell two apart; the whole is one level down.
func keyWords(k entente.Key) string {
	s := k.String()
	return s[max(0, len(s)-12):]
}

// powersChanges says what differs between two powers of a party, from nothing where it had none.
func (w *Web) powersChanges(r *request, g *group, was, is *entente.Powers) []string {
	var out []string
	say := func(key string, args ...any) { out = append(out, r.t(key, args...)) }
	if was == nil {
		was = &entente.Powers{Root: is.Root, Next: is.Next, Keys: is.Keys, Address: is.Address}
	}
	if was.Root.String() != is.Root.String() || was.Next != is.Next {
		say("powers.root")
	}
	for _, u := range entente.Uses {
		if was.Keys[u].String() != is.Keys[u].String() {
			say("powers.keys")
			break
		}
	}
	if was.Address != is.Address {
		say("powers.address", "Address", is.Address)
	}
	for _, o := range was.Offices {
		if _, ok := is.Office(o.ID); !ok {
			say("powers.office-gone", "Office", officeNameIn(o, r.lang))
		}
	}
	for _, o := range is.Offices {
		name := officeNameIn(o, r.lang)
		old, had := was.Office(o.ID)
		if !had {
			say("powers.office-new", "Office", name)
		} else if old.Names[r.lang] != o.Names[r.lang] {
			say("powers.office-name", "Office", name, "Was", officeNameIn(old, r.lang))
		}
		out = append(out, r.seatChanges(name, old, o)...)
		if !slices.EqualFunc(old.Grants, o.Grants, sameGrant) {
			out = append(out, r.grantsNow(g, name, o, w.node.Now()))
		}
		if reachWords(old.Reach) != reachWords(o.Reach) {
			if o.Reach == nil {
				say("powers.reach-gone", "Office", name)
			} else {
				say("powers.reach", "Office", name, "Reach", reachWords(o.Reach))
			}
		}
	}
	return out
}

func (r *request) seatChanges(name string, old, o entente.Office) []string {
	var out []string
	say := func(key string, s entente.Seat) {
		out = append(out, r.t(key, "Office", name, "Seat", s.Number, "Key", keyWords(s.Key), "Term", r.termWords(s)))
	}
	for _, s := range old.Seats {
		if _, ok := o.Seat(s.Number); !ok {
			say("powers.seat-gone", s)
		}
	}
	for _, s := range o.Seats {
		was, had := old.Seat(s.Number)
		switch {
		case !had:
			say("powers.seat-new", s)
		case was.Key.String() != s.Key.String():
			say("powers.seat-key", s)
		}
		if had && (was.From != s.From || was.Until != s.Until || was.Acting != s.Acting) {
			say("powers.seat-term", s)
		}
	}
	return out
}

// termWords say from when until when a seat sits.
func (r *request) termWords(s entente.Seat) string {
	var out []string
	if s.Acting {
		out = append(out, r.t("powers.acting"))
	}
	if s.From != 0 {
		out = append(out, r.t("powers.from", "Day", r.day(s.From)))
	}
	if s.Until != 0 {
		out = append(out, r.t("powers.until", "Day", r.day(s.Until-1)))
	}
	if len(out) == 0 {
		return r.t("powers.no-term")
	}
	return strings.Join(out, ", ")
}

// grantsNow says all that an office may sign.
func (r *request) grantsNow(g *group, name string, o entente.Office, now int64) string {
	if len(o.Grants) == 0 {
		return r.t("powers.grants-none", "Office", name)
	}
	var all []string
	for _, a := range o.Grants {
		all = append(all, r.grantWords(r.grantIn(g, a, now)))
	}
	return r.t("powers.grants", "Office", name, "Grants", strings.Join(all, "; "))
}

// grantWords is one authority in a line.
func (r *request) grantWords(v grantView) string {
	parts := []string{orAll(v.Kinds, r.t("powers.every-kind"))}
	if len(v.Verbs) > 0 {
		parts = append(parts, strings.Join(v.Verbs, ", "))
	}
	if len(v.Lines) > 0 {
		parts = append(parts, strings.Join(v.Lines, ", "))
	}
	parts = append(parts, r.t("powers.sign", "Count", v.Signs))
	if v.Until != 0 {
		parts = append(parts, r.t("powers.until", "Day", r.day(v.Until-1)))
	}
	if v.Paper {
		parts = append(parts, r.t("powers.paper"))
	}
	return strings.Join(parts, " · ")
}

func orAll(words []string, all string) string {
	if len(words) == 0 {
		return all
	}
	return strings.Join(words, ", ")
}

func sameGrant(a, b entente.Grant) bool {
	return slices.Equal(a.Kinds, b.Kinds) && slices.Equal(a.Verbs, b.Verbs) && slices.Equal(a.Lines, b.Lines) && a.Until == b.Until && a.Sign == b.Sign && a.Paper == b.Paper
}

// reachWords is how an office is reached, in a line.
func reachWords(x *entente.Reach) string {
	if x == nil {
		return ""
	}
	var out []string
	for _, s := range []string{x.Telephone, x.Mail, x.Hours} {
		if s != "" {
			out = append(out, s)
		}
	}
	if x.Duty {
		out = append(out, "24/7")
	}
	return strings.Join(out, " · ")
}
