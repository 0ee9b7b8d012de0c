package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"entente"
	"entente/node"
	"entente/record"
)

// working are the party's powers as they are being changed: those of the draft that waits for the root key, else those on record.
type working struct {
	*node.PowersDraft
	powers *entente.Powers // a copy, to be changed
}

func (w *Web) working(r *request) (*working, error) {
	d, err := w.node.PowersDraft(r.Context(), r.who, r.group.ID)
	if err != nil {
		return nil, err
	}
	return &working{d, d.Powers}, nil
}

// pending says what waits for the root key.
func (w *Web) pending(r *request, x *working) *pendingPowers {
	if x.Draft == nil {
		return nil
	}
	return &pendingPowers{Href: r.group.Href("drafts", x.Draft.Nonce.String()), By: w.officeName(r, x.Draft.Office), Changes: w.powersChanges(r, r.group, x.OnRecord, x.powers)}
}

// keep puts the changed powers in the place of the draft before them.
func (w *Web) keep(r *request, x *working) (*node.Draft, error) {
	return w.node.PutPowersDraft(r.Context(), r.who, r.group.ID, x.powers.Offices, x.Base())
}

// changing lets an office that sets up change the working powers.
func (w *Web) changing(r *request) (*working, error) {
	if !w.node.SetsUp(r.who) {
		return nil, fmt.Errorf("powers: %w", node.ErrForbidden)
	}
	x, err := w.working(r)
	if err != nil {
		return nil, err
	}
	if r.Method == "POST" && r.PostFormValue("base") != x.Base().String() {
		return nil, changed()
	}
	return x, nil
}

type changeBody struct {
	Powers  powersView
	Pending *pendingPowers
	First   bool // nothing is on record yet
	Base    string
	Others  []link // other groups in which the party has powers of its own
}

// peopleChange is the page on which powers are prepared for the root key.
func (w *Web) peopleChange(r *request) (answer, error) {
	x, err := w.changing(r)
	if err != nil {
		return nil, err
	}
	b := changeBody{Powers: w.powersIn(r, r.group, w.node.Party(), x.powers), Pending: w.pending(r, x), First: x.OnRecord == nil, Base: x.Base().String()}
	for _, i := range w.node.Groups(r.Context(), r.who) {
		if i.ID == r.group.ID {
			continue
		}
		g, err := w.groupFrom(r, i)
		if err != nil {
			return nil, err
		}
		b.Others = append(b.Others, link{Text: g.Name, Href: g.Href("people", "change")})
	}
	return page{name: "people-change", title: r.t("people.change"), nav: "people", body: b}, nil
}

// startPowers keeps the first powers of a group as they are proposed.
func (w *Web) startPowers(r *request) (answer, error) {
	x, err := w.changing(r)
	if err != nil {
		return nil, err
	}
	d := x.Draft
	if d == nil {
		if d, err = w.keep(r, x); err != nil {
			return nil, err
		}
	}
	if d == nil {
		return redirect{to: r.group.Href("people", "change")}, nil
	}
	return redirect{to: r.group.Href("drafts", d.Nonce.String())}, nil
}

// office finds the office that the address names; nil for a new one.
func (x *working) office(r *request) (*entente.Office, error) {
	id := r.URL.Query().Get("office")
	for i := range x.powers.Offices {
		if x.powers.Offices[i].ID == id {
			return &x.powers.Offices[i], nil
		}
	}
	if id != "" {
		return nil, fmt.Errorf("office: %w", node.ErrNotFound)
	}
	return nil, nil
}

// changingOffice lets an office that sets up change one office of the working powers: that which the address names.
func (w *Web) changingOffice(r *request) (*working, *entente.Office, error) {
	x, err := w.changing(r)
	if err != nil {
		return nil, nil, err
	}
	o, err := x.office(r)
	if err == nil && o == nil {
		err = fmt.Errorf("office: %w", node.ErrNotFound)
	}
	return x, o, err
}

// changed keeps what a form has changed, or puts what is wrong with it at a field.
func (w *Web) changed(r *request, x *working, f *form, p page, blame string) (answer, error) {
	if f.ok() {
		_, err := w.keep(r, x)
		if err == nil {
			return redirect{to: r.group.Href("people", "change"), done: "powers-kept"}, nil
		}
		if !errors.Is(err, node.ErrInvalid) {
			return nil, err
		}
		f.wrong(blame, "powers.wrong", "Why", strings.TrimPrefix(err.Error(), "powers: "+node.ErrInvalid.Error()+": "))
	}
	return f.again(p), nil
}

func (x *working) baseField() field {
	return field{Name: "base", Control: controlHidden, Values: []string{x.Base().String()}}
}

func (w *Web) changeForm(r *request, x *working, fields ...field) (*form, error) {
	f, err := r.form(r.URL.RequestURI(), r.t("powers.keep"), append(fields, x.baseField())...)
	if err == nil {
		f.Back = r.group.Href("people", "change")
	}
	return f, err
}

// changeOffice adds an office or changes its name and how it is reached.
func (w *Web) changeOffice(r *request) (answer, error) {
	x, err := w.changing(r)
	if err != nil {
		return nil, err
	}
	o, err := x.office(r)
	if err != nil {
		return nil, err
	}
	var fields []field
	if o == nil {
		fields = append(fields, field{Name: "id", Control: controlInput, Label: r.t("office.id"), Hint: r.t("office.id-hint"), Width: 20})
	}
	languages := readerFirst(r.lang, entente.Languages)
	for _, l := range languages {
		fields = append(fields, field{Name: "name." + l, Control: controlInput, Label: r.t("office.name", "Language", r.t("in-language."+l)), Lang: tags[l]})
	}
	fields = append(fields, field{Name: "telephone", Control: controlInput, Label: r.t("people.telephone"), Hint: r.t("office.reach-hint"), Width: 20, Optional: true},
		field{Name: "mail", Control: controlInput, Label: r.t("people.mail"), Optional: true}, field{Name: "hours", Control: controlInput, Label: r.t("people.hours"), Hint: r.t("people.hours-hint"), Optional: true},
		field{Name: "duty", Control: controlChecks, Label: r.t("people.duty"), Options: []option{{Value: "yes", Text: r.t("people.duty-yes")}}, Optional: true})
	f, err := w.changeForm(r, x, fields...)
	if err != nil {
		return nil, err
	}
	title := r.t("office.new")
	if o != nil {
		title = r.t("office.change", "Office", officeNameIn(*o, r.lang))
		for _, l := range languages {
			f.set("name."+l, o.Names[l])
		}
		if o.Reach != nil {
			f.set("telephone", o.Reach.Telephone)
			f.set("mail", o.Reach.Mail)
			f.set("hours", o.Reach.Hours)
			if o.Reach.Duty {
				f.set("duty", "yes")
			}
		}
	}
	p := page{name: "people-form", title: title, nav: "people", body: peopleForm{Form: f, Lead: r.t("office.lead")}}
	if r.Method != "POST" {
		return p, nil
	}
	if o == nil {
		n := entente.Office{ID: f.text("id")}
		if _, taken := x.powers.Office(n.ID); taken || (n.ID != "" && (!record.ValidName(n.ID) || n.ID == record.RootOffice)) {
			f.wrong("id", "office.id-wrong")
		}
		x.powers.Offices = append(x.powers.Offices, n)
		o = &x.powers.Offices[len(x.powers.Offices)-1]
	}
	o.Names = map[string]string{}
	for _, l := range languages {
		if o.Names[l] = f.line("name."+l, maxOfficeName); o.Names[l] == "" {
			delete(o.Names, l)
		}
	}
	o.Reach = &entente.Reach{Telephone: f.line("telephone", record.MaxName), Mail: f.line("mail", record.MaxName), Hours: f.line("hours", record.MaxName), Duty: len(f.choices("duty")) > 0}
	if *o.Reach == (entente.Reach{}) {
		o.Reach = nil
	}
	return w.changed(r, x, f, p, "name."+languages[0])
}

// line is an answer of one line of plain text, so many bytes long at most.
func (f *form) line(name string, most int) string {
	v := f.text(name)
	if len(v) > most || strings.ContainsFunc(v, func(c rune) bool { return c < ' ' || c == 0x7f }) {
		f.wrong(name, "form.too-long")
		return ""
	}
	return v
}

// peopleForm is a form of these pages.
type peopleForm struct {
	Form *form
	Lead string
	Keys bool // explains where an official finds the key
}

// changeSeat adds a seat, replaces its key or changes its term.
func (w *Web) changeSeat(r *request) (answer, error) {
	x, o, err := w.changingOffice(r)
	if err != nil {
		return nil, err
	}
	i := -1
	if n := r.URL.Query().Get("seat"); n != "" {
		if i = slices.IndexFunc(o.Seats, func(s entente.Seat) bool { return strconv.FormatUint(s.Number, 10) == n }); i < 0 {
			return nil, fmt.Errorf("seat: %w", node.ErrNotFound)
		}
	}
	offered, err := w.offeredKeys(r, o.ID)
	if err != nil {
		return nil, err
	}
	var fields []field
	if i < 0 {
		next := uint64(1)
		for _, s := range o.Seats {
			next = max(next, s.Number+1)
		}
		fields = append(fields, field{Name: "number", Control: controlInput, Label: r.t("seat.number"), Hint: r.t("seat.number-hint"), Width: 4, Values: []string{strconv.FormatUint(next, 10)}})
	}
	if len(offered) > 0 {
		fields = append(fields, field{Name: "kept", Control: controlSelect, Label: r.t("seat.kept"), Hint: r.t("seat.kept-hint"), Options: append([]option{{Text: r.t("seat.kept-none")}}, offered...), Optional: true})
	}
	fields = append(fields, field{Name: "key", Control: controlText, Label: r.t("seat.key"), Hint: r.t("seat.key-hint"), Rows: 3, Optional: true},
		field{Name: "file", Control: controlFile, Label: r.t("seat.file"), Hint: r.t("seat.file-hint"), Optional: true},
		field{Name: "from", Control: controlDate, Label: r.t("seat.from"), Optional: true}, field{Name: "until", Control: controlDate, Label: r.t("seat.until"), Hint: r.t("seat.until-hint"), Optional: true},
		field{Name: "acting", Control: controlChecks, Label: r.t("seat.acting"), Options: []option{{Value: "yes", Text: r.t("seat.acting-yes")}}, Optional: true})
	f, err := w.changeForm(r, x, fields...)
	if err != nil {
		return nil, err
	}
	name := officeNameIn(*o, r.lang)
	title := r.t("seat.new", "Office", name)
	if i >= 0 {
		s := o.Seats[i]
		title = r.t("seat.change", "Office", name, "Seat", s.Number)
		if s.From != 0 {
			f.set("from", r.isoDay(s.From))
		}
		if s.Until != 0 {
			f.set("until", r.isoDay(s.Until-1))
		}
		if s.Acting {
			f.set("acting", "yes")
		}
	}
	p := page{name: "people-form", title: title, nav: "people", body: peopleForm{Form: f, Lead: r.t("seat.lead"), Keys: true}}
	if r.Method != "POST" {
		return p, nil
	}
	s := entente.Seat{From: f.day("from"), Acting: len(f.choices("acting")) > 0}
	if s.Until = f.day("until"); s.Until != 0 {
		s.Until += 86400 // half-open: the day named is the last
	}
	if s.Until != 0 && s.Until <= s.From {
		f.wrong("until", "seat.until-wrong")
	}
	key, given, err := f.key(len(offered) > 0)
	if err != nil {
		return nil, err
	}
	switch {
	case i >= 0:
		s.Number, s.Key = o.Seats[i].Number, o.Seats[i].Key
		if given {
			s.Key = key
		}
		o.Seats[i] = s
	default:
		n, err := strconv.ParseUint(f.text("number"), 10, 16)
		if err != nil || n == 0 || n > record.MaxSeat || slices.ContainsFunc(o.Seats, func(x entente.Seat) bool { return x.Number == n }) {
			f.wrong("number", "seat.number-wrong")
		}
		if !given {
			f.wrong("key", "seat.key-none")
		}
		s.Number, s.Key = n, key
		o.Seats = append(o.Seats, s)
		slices.SortFunc(o.Seats, func(a, b entente.Seat) int { return int(a.Number) - int(b.Number) })
	}
	return w.changed(r, x, f, p, "key")
}

// offeredKeys are the signing keys that officials of an office keep with this node.
func (w *Web) offeredKeys(r *request, office string) ([]option, error) {
	if w.origin == nil {
		return nil, nil
	}
	kept, err := w.node.Credentials(r.Context(), node.CredentialSign, office)
	if err != nil {
		return nil, err
	}
	var out []option
	for _, c := range kept {
		if k, err := seatKey(c, w.origin.Hostname()); err == nil {
			out = append(out, option{Value: k.String(), Text: r.t("seat.kept-one", "Name", c.Name, "Seat", c.Seat, "Day", r.day(c.Created))})
		}
	}
	return out, nil
}

// key reads the public key of a seat: chosen, as text, or from the file that lies beside a secret key.
func (f *form) key(offered bool) (k entente.Key, given bool, err error) {
	var texts []string
	if offered {
		if v := f.choice("kept"); v != "" {
			texts = append(texts, v)
		}
	}
	if v := f.text("key"); v != "" {
		texts = append(texts, v)
	}
	files, err := f.uploads("file")
	if err != nil {
		return k, false, err
	}
	blame := "key"
	for _, u := range files {
		blame = "file"
		if strings.HasPrefix(string(u.Content), "age-encryption.org/") || strings.HasPrefix(string(u.Content), "-----BEGIN AGE") {
			f.wrong("file", "seat.file-secret")
			return k, false, nil
		}
		texts = append(texts, strings.TrimSpace(string(u.Content[:min(len(u.Content), maxKeyText)])))
	}
	switch {
	case len(texts) == 0:
		return k, false, nil
	case len(texts) > 1:
		f.wrong(blame, "seat.key-twice")
		return k, false, nil
	}
	if k, err = entente.ParseKey(texts[0]); err != nil && json.Unmarshal([]byte(texts[0]), &k) != nil {
		f.wrong(blame, "seat.key-wrong")
	} else if record.CheckKey(k.Alg, k.Public) != nil {
		f.wrong(blame, "seat.key-wrong")
	}
	return k, true, nil
}

// changeGrant adds an authority to sign, or changes one.
func (w *Web) changeGrant(r *request) (answer, error) {
	x, o, err := w.changingOffice(r)
	if err != nil {
		return nil, err
	}
	i := -1
	if n := r.URL.Query().Get("grant"); n != "" {
		if i, err = strconv.Atoi(n); err != nil || i < 0 || i >= len(o.Grants) {
			return nil, fmt.Errorf("authority: %w", node.ErrNotFound)
		}
	}
	kinds := []option{{Value: "*", Text: r.t("powers.every-kind")}}
	verbs := map[record.Verb]bool{}
	for _, k := range w.node.Kinds().Names() {
		kind := w.node.Kinds()[k]
		if kind.Home || kind.Silent || kind.Verbs[record.Propose].Root {
			continue
		}
		kinds = append(kinds, option{Value: k, Text: r.kindName(k, true)})
		for v := range maps.Keys(kind.Verbs) {
			verbs[v] = true
		}
	}
	var steps []option
	for _, v := range record.Verbs {
		if verbs[v] {
			steps = append(steps, option{Value: string(v), Text: r.t("verb." + string(v))})
		}
	}
	f, err := w.changeForm(r, x, field{Name: "kinds", Control: controlChecks, Label: r.t("grant.kinds"), Options: kinds},
		field{Name: "verbs", Control: controlChecks, Label: r.t("routes.verbs"), Hint: r.t("routes.verbs-hint"), Options: steps, Optional: true},
		field{Name: "lines", Control: controlChecks, Label: r.t("routes.lines"), Hint: r.t("routes.lines-hint"), Options: r.lines()[1:], Optional: true},
		field{Name: "sign", Control: controlInput, Label: r.t("grant.sign"), Hint: r.t("grant.sign-hint", "Count", len(o.Seats)), Width: 3, Values: []string{"1"}},
		field{Name: "until", Control: controlDate, Label: r.t("grant.until"), Hint: r.t("seat.until-hint"), Optional: true},
		field{Name: "paper", Control: controlChecks, Label: r.t("grant.paper"), Options: []option{{Value: "yes", Text: r.t("grant.paper-yes")}}, Optional: true})
	if err != nil {
		return nil, err
	}
	name := officeNameIn(*o, r.lang)
	title := r.t("grant.new", "Office", name)
	var old entente.Grant
	if i >= 0 {
		old, title = o.Grants[i], r.t("grant.change", "Office", name)
		f.set("kinds", old.Kinds...)
		f.set("verbs", wordsOf(old.Verbs)...)
		f.set("lines", old.Lines...)
		f.set("sign", strconv.FormatUint(old.Sign, 10))
		if old.Until != 0 {
			f.set("until", r.isoDay(old.Until-1))
		}
		if old.Paper {
			f.set("paper", "yes")
		}
	}
	p := page{name: "people-form", title: title, nav: "people", body: peopleForm{Form: f, Lead: r.t("grant.lead")}}
	if r.Method != "POST" {
		return p, nil
	}
	n := entente.Grant{Kinds: f.choices("kinds"), Lines: f.choices("lines"), Paper: len(f.choices("paper")) > 0}
	for _, v := range f.choices("verbs") {
		n.Verbs = append(n.Verbs, record.Verb(v))
	}
	if slices.Contains(n.Kinds, "*") {
		n.Kinds = []string{"*"}
	}
	if n.Sign, err = strconv.ParseUint(f.text("sign"), 10, 16); err != nil || n.Sign == 0 || n.Sign > max(1, uint64(len(o.Seats))) {
		f.wrong("sign", "grant.sign-wrong")
	}
	if n.Until = f.day("until"); n.Until != 0 {
		n.Until += 86400
	}
	if n.Paper && len(n.Verbs) > 0 && !slices.Contains(n.Verbs, record.Consent) {
		f.wrong("verbs", "grant.paper-wrong")
	}
	for _, l := range old.Lines { // of another group's charter: kept
		if !r.group.Chart.HasLine(l) {
			n.Lines = append(n.Lines, l)
		}
	}
	if i >= 0 {
		o.Grants[i] = n
	} else {
		o.Grants = append(o.Grants, n)
	}
	return w.changed(r, x, f, p, "kinds")
}

func wordsOf[T ~string](in []T) []string {
	out := make([]string, len(in))
	for i, s := range in {
		out[i] = string(s)
	}
	return out
}

// removePowers says what follows, and then takes an office, a seat or an authority out of the working powers.
func (w *Web) removePowers(r *request) (answer, error) {
	x, o, err := w.changingOffice(r)
	if err != nil {
		return nil, err
	}
	name, q := officeNameIn(*o, r.lang), r.URL.Query()
	var title, follows string
	switch {
	case q.Has("seat"):
		i := slices.IndexFunc(o.Seats, func(s entente.Seat) bool { return strconv.FormatUint(s.Number, 10) == q.Get("seat") })
		if i < 0 {
			return nil, fmt.Errorf("seat: %w", node.ErrNotFound)
		}
		title, follows = r.t("seat.remove", "Office", name, "Seat", o.Seats[i].Number), r.t("seat.remove-follows")
		o.Seats = slices.Delete(o.Seats, i, i+1)
	case q.Has("grant"):
		i, err := strconv.Atoi(q.Get("grant"))
		if err != nil || i < 0 || i >= len(o.Grants) {
			return nil, fmt.Errorf("authority: %w", node.ErrNotFound)
		}
		title, follows = r.t("grant.remove", "Office", name), r.t("grant.remove-follows", "Grant", r.grantWords(r.grantIn(r.group, o.Grants[i], w.node.Now())))
		o.Grants = slices.Delete(o.Grants, i, i+1)
	default:
		title, follows = r.t("office.remove", "Office", name), r.t("office.remove-follows")
		x.powers.Offices = slices.DeleteFunc(x.powers.Offices, func(y entente.Office) bool { return y.ID == o.ID })
	}
	f, err := w.changeForm(r, x)
	if err != nil {
		return nil, err
	}
	f.Warning = true
	if r.Method != "POST" {
		return page{name: "confirm", title: title, nav: "people", body: confirmBody{f, follows}}, nil
	}
	if _, err := w.keep(r, x); err != nil {
		return nil, err
	}
	return redirect{to: r.group.Href("people", "change"), done: "powers-kept"}, nil
}
