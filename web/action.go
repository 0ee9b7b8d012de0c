package web

import (
	"fmt"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"

	"entente"
	"entente/consent"
	"entente/node"
	"entente/record"
	"entente/territory"
)

// actionKind is the kind that these pages are for.
const actionKind = "action"

// actionsBody lists actions; without boundary data in the charter nobody can propose one.
type actionsBody struct {
	Rows  []actionRow
	Ready bool
}

type actionRow struct {
	row
	When  string
	Where string
}

func (w *Web) actions(r *request) (answer, error) {
	all, err := w.listed(r, node.Query{Kind: actionKind, Sort: node.SortNewest})
	if err != nil {
		return nil, err
	}
	texts, err := w.read(r, titles(r.group, all))
	if err != nil {
		return nil, err
	}
	b := actionsBody{Ready: r.group.Chart.Boundary != nil}
	for _, x := range all {
		y := actionRow{row: w.rowOf(r, texts, x), When: r.window(x.State.Fact("from"), x.State.Fact("to"))}
		if v := x.State.Text(); v != nil {
			y.Where = w.takesPlace(r, v)
		}
		b.Rows = append(b.Rows, y)
	}
	return page{name: "actions", title: r.kindName(actionKind, true), nav: "actions", body: b}, nil
}

// window is the time of an action in words.
func (r *request) window(from, to string) string {
	a, err1 := strconv.ParseInt(from, 10, 64)
	b, err2 := strconv.ParseInt(to, 10, 64)
	if err1 != nil || err2 != nil {
		return ""
	}
	l := r.web.languages[r.lang]
	return r.t("action.window", "From", l.moment(a), "To", l.moment(b))
}

// takesPlace says in words where a text takes place, as its state says it.
func (w *Web) takesPlace(r *request, v *entente.VersionState) string {
	switch {
	case v.Place == territory.ThirdState:
		return r.t("action.third")
	case len(v.Hosts) == 0:
		return r.t("action.high-seas")
	case len(v.Notified) > 0:
		return r.t("action.in-near", "Hosts", w.partyNames(r.group, v.Hosts), "Notified", w.partyNames(r.group, v.Notified))
	}
	return r.t("action.in", "Hosts", w.partyNames(r.group, v.Hosts))
}

// acted says the terms of an action in words: where it takes place first, by the same boundary data on every node.
func (w *Web) acted(r *request, h *record.Header, terms any) []particular {
	t, ok := terms.(*entente.Action)
	if !ok {
		return nil
	}
	var out []particular
	say := func(key, text string) { out = append(out, particular{Key: key, Text: text}) }
	w.placed(r, h, say)
	say("action.when", r.window(strconv.FormatInt(t.From, 10), strconv.FormatInt(t.To, 10)))
	lead := r.group.PartyName(t.Lead)
	if t.LeadOffice != "" {
		lead = r.t("office.of", "Party", lead, "Office", w.officeOf(r, t.Lead, t.LeadOffice))
	}
	say("action.lead", lead)
	if len(h.Participants) > 0 {
		say("action.with", w.partyNames(r.group, h.Participants))
	}
	if len(t.Hosts) > 0 {
		say("action.named", w.partyNames(r.group, t.Hosts))
	}
	var conditions []string
	for _, c := range t.Conditions {
		conditions = append(conditions, r.t("action.condition."+c))
	}
	if len(conditions) > 0 {
		say("action.conditions", strings.Join(conditions, ", "))
	}
	if t.HighM > 0 {
		say("action.height", r.t("action.height-words", "Low", int(t.LowM), "High", int(t.HighM)))
	}
	if h.Until != 0 {
		say("commitment.until", r.deadline(h.Until))
	}
	return out
}

// placed says where, how near, and by which data.
func (w *Web) placed(r *request, h *record.Header, say func(key, text string)) {
	b, err := w.node.Boundary(r.group.ID)
	if err != nil || b == nil || territory.CheckCells(h.Area) != nil {
		return
	}
	say("action.place", w.placeWords(r, b.AnswerCells(h.Area)))
	at, radius := territory.Around(h.Area)
	say("action.area", r.t("action.around", "Place", at.String(), "Radius", int(radius)))
	say("action.data", w.dataWords(r, b))
}

// placeWords says where an area lies and how near to whom: who hosts first. Whose territory the data knows and the group does not is a
// third state (Ledger.Locate).
func (w *Web) placeWords(r *request, a territory.Answer) string {
	v := entente.VersionState{Place: a.Where}
	member := func(p string) bool { return slices.Contains(r.group.Chart.IDs(), record.Party(p)) }
	for _, p := range a.Hosts {
		if v.Hosts = append(v.Hosts, record.Party(p)); !member(p) {
			v.Place = territory.ThirdState
		}
	}
	words := []string{w.takesPlace(r, &v)}
	for _, p := range a.Parties {
		if p.Relation == territory.Band && member(p.Party) {
			words = append(words, r.t("action.near", "Distance", w.languages[r.lang].number(int(p.DistanceM)), "Party", r.group.PartyName(record.Party(p.Party))))
		}
	}
	return strings.Join(words, " ")
}

// dataWords say by which data, whose it is, and that it is no position of anybody.
func (w *Web) dataWords(r *request, b *territory.Boundary) string {
	return r.t("action.data-words", "Source", b.Source, "Date", b.Date, "Attribution", b.Attribution, "Licence", b.Licence, "Band", int(b.BandM))
}

// actionActs are what a place adds: its host stops it with one click, and who was only notified says that the place is its own.
func (w *Web) actionActs(r *request, d *node.Detail, v *entente.VersionState) (out []act) {
	own := w.node.Party()
	live := v.Standing != consent.Superseded
	if v.Standing == consent.InForce && d.View.Phase == entente.PhaseInForce && slices.Contains(v.Hosts, own) {
		out = append(out, act{Verb: record.Withdraw, Key: "act.stop", Version: v.ID, Warning: true})
	}
	claimed := slices.ContainsFunc(v.Stops, func(s entente.Stop) bool { return s.Claim && s.Ref.Party == own })
	if live && slices.Contains(v.Notified, own) && !claimed {
		out = append(out, act{Verb: record.Note, Key: "act.claim", Version: v.ID, Second: true})
	}
	if v.Standing == consent.Stopped && d.View.Phase == entente.PhaseStopped {
		out = append(out, act{Verb: record.Propose, Key: "act.amend", Version: v.ID, Href: r.group.Href() + "/actions/new?amend=" + v.ID.String()})
	}
	return out
}

// newAction composes an action: what, who, when, where, and what its host asks for.
func (w *Web) newAction(r *request) (answer, error) {
	s, err := w.statementDraft(r)
	if err != nil {
		return nil, err
	}
	if r.group.Chart.Boundary == nil {
		return nil, fmt.Errorf("%w: %w", node.ErrConflict, record.Because("area.boundary", "the charter names no boundary data: amend it first"))
	}
	f, err := w.actionForm(r, s)
	if err != nil {
		return nil, err
	}
	b := composer{Form: f, Lead: r.t("action.lead-text")}
	title := r.t("action.new")
	if s.from != nil {
		title = r.t(map[bool]string{true: "amend.title", false: "counter.title"}[s.amends])
		f.Back = r.group.Href("i", s.from.State.Instrument.String())
	}
	p := page{name: "meet-form", title: title, nav: "actions", body: b}
	if r.Method != http.MethodPost {
		return p, nil
	}
	a, err := w.actionOf(r, s, f)
	if err != nil {
		return nil, err
	}
	if !f.ok() {
		return f.again(p), nil
	}
	return w.prepare(r, a)
}

func (w *Web) actionForm(r *request, s *statementDraft) (*form, error) {
	g := r.group
	var parties, conditions []option
	ids := g.Chart.IDs()
	ownFirst(w.node.Party(), ids, func(p record.Party) record.Party { return p })
	everybody := []string{}
	for _, p := range ids {
		parties = append(parties, option{Value: string(p), Text: g.PartyName(p)})
		everybody = append(everybody, string(p))
	}
	for _, c := range entente.Conditions {
		conditions = append(conditions, option{Value: c, Text: r.t("action.condition." + c)})
	}
	var fields []field
	if s.from == nil {
		fields = append(fields, field{Name: "line", Control: controlSelect, Label: r.t("commitment.line"), Options: r.lines(), Optional: true})
	}
	fields = append(fields, r.inLanguages("title", "meet.title", controlInput, false)...)
	fields = append(fields, r.inLanguages("body", "action.what", controlText, false)...)
	fields = append(fields,
		field{Name: "lead", Control: controlSelect, Label: r.t("action.lead"), Options: append([]option{{"", r.t("choose"), ""}}, w.offices(r)...)},
		field{Name: "with", Control: controlChecks, Label: r.t("action.with"), Options: parties, Values: everybody},
		field{Name: "from", Control: controlDate, Label: r.t("action.from-day")}, field{Name: "from-time", Control: controlTime, Label: r.t("action.from-time")},
		field{Name: "to", Control: controlDate, Label: r.t("action.to-day")}, field{Name: "to-time", Control: controlTime, Label: r.t("action.to-time")})
	fields = append(fields, r.areaFields()...)
	if m := w.mapOf(r, "map"); m != nil {
		m.Where = g.Href("actions", "where")
		fields = append(fields, field{Control: controlMap, Map: m})
	}
	fields = append(fields,
		field{Name: "hosts", Control: controlChecks, Label: r.t("action.named"), Hint: r.t("action.named-hint"), Options: parties, Optional: true},
		field{Name: "conditions", Control: controlChecks, Label: r.t("action.conditions"), Options: conditions, Optional: true})
	fields = append(fields, r.inLanguages("conditions", "action.other-conditions", controlText, true)...)
	fields = append(fields,
		field{Name: "low", Control: controlInput, Label: r.t("action.low"), Hint: r.t("action.low-hint"), Width: 5, Optional: true},
		field{Name: "high", Control: controlInput, Label: r.t("action.high"), Width: 5, Optional: true},
		field{Name: "operational", Control: controlText, Label: r.t("action.operational"), Hint: r.t("action.operational-hint"), Optional: true})
	fields = append(fields, r.handled("operational-for", r.t("action.operational-for"))...)
	fields = append(fields, field{Name: "until", Control: controlDate, Label: r.t("commitment.until"), Hint: r.t("propose.until-hint"), Optional: true},
		field{Name: "counter", Control: controlHidden, Values: []string{r.URL.Query().Get("counter")}}, field{Name: "amend", Control: controlHidden, Values: []string{r.URL.Query().Get("amend")}})
	fields = append(fields, r.handled("handling", r.t("propose.handling"))...)
	f, err := r.form(g.Href("actions", "new"), r.t("draft.go"), fields...)
	if err != nil || s.of == nil {
		return f, err
	}
	return f, w.actionAgain(r, s, f)
}

// actionAgain fills the form in with the text that the new one stands against; a claim since then names its party.
func (w *Web) actionAgain(r *request, s *statementDraft, f *form) error {
	texts, err := w.read(r, []node.Want{{Group: r.group.ID, Record: s.of.ID, Names: append(slices.Clone(words), "conditions.*", entente.ShapePart, entente.OperationalPart)}})
	if err != nil {
		return err
	}
	for _, l := range r.group.Chart.Languages {
		for _, n := range []string{"title.", "body.", "conditions."} {
			f.set(n+l, texts.part(s.of.ID, n+l))
		}
	}
	f.set("operational", texts.part(s.of.ID, entente.OperationalPart))
	switch a, err := territory.ParseGeoJSON([]byte(texts.part(s.of.ID, entente.ShapePart))); {
	case err != nil: // it is not here, or not for this office: it is given anew
	case len(a.Shapes) > 1 || a.Shapes[0].Kind != territory.Point:
		f.set("geojson", string(a.GeoJSON()))
	default:
		lat, lon, _ := strings.Cut(a.Shapes[0].Rings[0][0].String(), ", ")
		f.set("lat", lat)
		f.set("lon", lon)
		f.set("radius", strconv.FormatInt(a.Shapes[0].RadiusM, 10))
	}
	t, ok := s.of.Terms.(*entente.Action)
	if !ok {
		return nil
	}
	f.set("lead", officeValue(t.Lead, t.LeadOffice))
	f.set("from", r.isoDay(t.From))
	f.set("from-time", r.isoTime(t.From))
	f.set("to", r.isoDay(t.To))
	f.set("to-time", r.isoTime(t.To))
	f.set("conditions", t.Conditions...)
	var hosts, with []string
	for _, p := range t.Hosts {
		hosts = append(hosts, string(p))
	}
	for _, v := range s.from.State.Versions {
		for _, x := range v.Stops {
			if x.Claim && !slices.Contains(hosts, string(x.Ref.Party)) {
				hosts = append(hosts, string(x.Ref.Party))
			}
		}
	}
	f.set("hosts", hosts...)
	for _, p := range s.of.Header.Participants {
		with = append(with, string(p))
	}
	if len(with) > 0 {
		f.set("with", with...)
	}
	if t.HighM > 0 {
		f.set("low", strconv.FormatInt(t.LowM, 10))
		f.set("high", strconv.FormatInt(t.HighM, 10))
	}
	return nil
}

// actionOf reads the form into an act; what is wrong stands at its field.
func (w *Web) actionOf(r *request, s *statementDraft, f *form) (node.Act, error) {
	a := node.Act{Group: r.group.ID, Kind: actionKind, Verb: record.Propose, Until: f.deadline("until")}
	if s.from == nil {
		a.Line = f.choice("line")
	} else if a.Instrument = s.from.State.Instrument; s.amends {
		a.Replaces = s.of.ID
	} else {
		a.Replaces = s.of.Header.Replaces
	}
	m := f.marking("handling")
	f.everyLanguage("conditions.")
	a.Parts = f.parts(m, "title", "body", "conditions")
	area, err := f.area()
	if err != nil {
		return a, err
	}
	a.Parts = append(a.Parts, node.NewPart{Name: entente.ShapePart, Content: area.GeoJSON(), Marking: m})
	if v := f.text("operational"); v != "" {
		a.Parts = append(a.Parts, node.NewPart{Name: entente.OperationalPart, Content: []byte(v), Marking: f.marking("operational-for")})
	}
	t := entente.Action{From: f.moment("from", "from-time"), To: f.moment("to", "to-time"), Conditions: sortedOf(f.choices("conditions")), LowM: f.whole("low"), HighM: f.whole("high")}
	lead, office, _ := strings.Cut(f.choice("lead"), "/")
	t.Lead, t.LeadOffice = record.Party(lead), office
	for _, p := range sortedOf(f.choices("hosts")) {
		t.Hosts = append(t.Hosts, record.Party(p))
	}
	for _, p := range sortedOf(f.choices("with")) {
		a.Participants = append(a.Participants, record.Party(p))
	}
	if t.From != 0 && t.To != 0 && t.To <= t.From {
		f.wrong("to", "action.to-before")
	}
	if t.To != 0 && t.To < w.node.Now() {
		f.wrong("to", "propose.past")
	}
	if t.LowM > 0 && t.HighM <= t.LowM {
		f.wrong("high", "action.high-low")
	}
	a.Terms, err = termsOf(t)
	return a, err
}

// areaFields ask where it takes place: a point with a radius, a file, or what a map writes.
func (r *request) areaFields() []field {
	return []field{
		{Name: "lat", Control: controlInput, Label: r.t("action.lat"), Hint: r.t("action.lat-hint"), Width: 10, Optional: true},
		{Name: "lon", Control: controlInput, Label: r.t("action.lon"), Hint: r.t("action.lon-hint"), Width: 10, Optional: true},
		{Name: "radius", Control: controlInput, Label: r.t("action.radius"), Hint: r.t("action.radius-hint"), Width: 5, Optional: true, Values: []string{"0"}},
		{Name: "geojson", Control: controlText, Label: r.t("action.text"), Hint: r.t("action.text-hint"), Rows: 2, Optional: true},
		{Name: "shape", Control: controlFile, Label: r.t("action.file"), Hint: r.t("action.file-hint"), Optional: true}}
}

// area reads where it takes place: a point with a radius, a text of GeoJSON, or a file.
func (f *form) area() (territory.Area, error) {
	var a territory.Area
	files, err := f.uploads("shape")
	if err != nil {
		return a, err
	}
	lat, lon, drawn := f.text("lat"), f.text("lon"), f.text("geojson")
	radius, point := f.whole("radius"), lat != "" || lon != ""
	switch {
	case len(files) > 0 && (point || drawn != ""):
		f.wrong("shape", "action.one-area")
	case point && drawn != "":
		f.wrong("geojson", "action.one-area")
	case drawn != "":
		if a, err = territory.ParseGeoJSON([]byte(drawn)); err != nil {
			f.wrong("geojson", "action.bad-text", "Why", err.Error())
		}
	case len(files) > 0 && strings.EqualFold(path.Ext(files[0].Name), ".kml"):
		if a, err = territory.ParseKML(files[0].Content, radius); err != nil {
			f.wrong("shape", "action.bad-file", "Why", err.Error())
		}
	case len(files) > 0:
		if a, err = territory.ParseGeoJSON(files[0].Content); err != nil {
			f.wrong("shape", "action.bad-file", "Why", err.Error())
		}
	case !point:
		f.wrong("lat", "action.no-area")
	default:
		p, err := territory.ParsePosition(lat, lon)
		if err != nil {
			f.wrong("lat", "action.bad-place")
		}
		if a = territory.At(p, radius); a.Check() != nil {
			f.wrong("radius", "action.bad-radius", "Most", territory.MaxRadius)
		}
	}
	return a, nil // what is wrong stands at its field
}

// whole is a whole number; an optional one may be zero.
func (f *form) whole(name string) int64 {
	v := strings.ReplaceAll(f.text(name), ",", "")
	if v == "" {
		return 0
	}
	n, err := strconv.ParseInt(v, 10, 32)
	if err != nil || n < 0 {
		f.wrong(name, "form.decimal")
	}
	return n
}

func sortedOf(s []string) []string { return slices.Sorted(slices.Values(s)) }
