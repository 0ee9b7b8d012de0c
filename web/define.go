package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"entente"
	"entente/node"
	"entente/progress"
	"entente/record"
)

// defineBody is the page of a form in sections: of an indicator or an objective.
type defineBody struct {
	Form     *form
	Lead     string
	Quoted   []text
	Sections []formSection
	Signers  []string
}

// formSection is a part of a long form under a heading of its own.
type formSection struct {
	Key     string // message key of the heading; empty: none
	Hint    string // message key
	Fields  []*field
	Columns [][]*field // side by side, one per language
}

// section takes fields of the form by name. Names that end in a dot stand for one field per language, side by side.
func (f *form) section(key, hint string, names ...string) formSection {
	s := formSection{Key: key, Hint: hint}
	columns := map[string][]*field{}
	for _, n := range names {
		for _, x := range f.Fields {
			if lang, ok := strings.CutPrefix(x.Name, n); ok && strings.HasSuffix(n, ".") {
				columns[lang] = append(columns[lang], x)
			} else if x.Name == n {
				s.Fields = append(s.Fields, x)
			}
		}
	}
	for _, l := range readerFirst(f.r.lang, f.r.group.Chart.Languages) {
		if columns[l] != nil {
			s.Columns = append(s.Columns, columns[l])
		}
	}
	return s
}

// units and countingUnits are offered by name; others are written.
var (
	units         = []string{"files", "victims", "persons", "events", "kg", "lb", "pills", "l", "barrels", "firearms", "labs", "taps", "tunnels"}
	countingUnits = []string{"file", "victim", "person", "event", "seizure", "weight", "barrel", "firearm", "shipment", "laboratory", "tap", "tunnel"}
	schemes       = []string{"ICCS", "SDG"}
)

const otherChoice = "other"

// formBreakdowns are how many breakdowns the form asks for; the command line takes more.
const formBreakdowns = 3

// newIndicator proposes an indicator, or another text of one.
func (w *Web) newIndicator(r *request) (answer, error) {
	return w.define(r, indicatorKind, w.indicatorForm, w.defined)
}

// define is the page of a form for a new text of a kind: ask makes the form, read takes it.
func (w *Web) define(r *request, kind string, ask func(*request, *proposal, reading) (*form, []formSection, error),
	read func(*request, *proposal, *form) (node.Act, any, error)) (answer, error) {
	p, err := w.proposal(r)
	if err != nil {
		return nil, err
	}
	key, wants := "define."+kind, titles(r.group, p.objectives)
	if p.of != nil {
		key = map[bool]string{true: "amend", false: "counter"}[p.amends]
		wants = append(wants, node.Want{Group: r.group.ID, Record: p.of.ID, Names: words})
		if p.from.State.Kind != kind {
			return nil, changed()
		}
	}
	texts, err := w.read(r, wants)
	if err != nil {
		return nil, err
	}
	f, sections, err := ask(r, p, texts)
	if err != nil {
		return nil, err
	}
	b := defineBody{Form: f, Lead: r.t("define." + kind + ".lead"), Sections: sections}
	if p.of != nil {
		b.Quoted, f.Back = texts.bilingual(r.group, p.of.Header, p.of.ID), r.group.Href("i", p.from.State.Instrument.String())
	}
	if powers, err := w.node.Powers(r.group.ID); err == nil && powers != nil {
		for _, l := range append([]string{""}, lineCodes(r.group)...) {
			for _, o := range signersFor(powers, kind, l, w.node.Now(), r.lang) {
				if !slices.Contains(b.Signers, o) {
					b.Signers = append(b.Signers, o)
				}
			}
		}
	}
	pg := page{name: "define", title: r.t(key + ".title"), nav: indicatorKind, body: b}
	if r.Method != http.MethodPost {
		return pg, nil
	}
	a, terms, err := read(r, p, f)
	if err != nil {
		return nil, err
	}
	if !f.ok() {
		return f.again(pg), nil
	}
	a.Kind, a.Verb = kind, record.Propose
	if p.of != nil {
		a.Instrument, a.Replaces = p.from.State.Instrument, p.of.Header.Replaces
		if p.amends {
			a.Replaces = p.of.ID
		}
	}
	f.handle(a.Parts)
	return w.prepareWith(r, a, terms)
}

func (w *Web) indicatorForm(r *request, p *proposal, texts reading) (*form, []formSection, error) {
	g, q := r.group, r.URL.Query()
	in := func(key string, l string) string { return r.t(key, "Language", r.t("in-language."+l)) }
	named := func(prefix string, values []string) []option {
		out := []option{{"", r.t("choose"), ""}}
		for _, v := range values {
			out = append(out, option{Value: v, Text: r.known(prefix, v)})
		}
		return append(out, option{Value: otherChoice, Text: r.t("define.other")})
	}
	spans := []option{{"month", r.t("span.month"), ""}, {"quarter", r.t("span.quarter"), ""}, {"year", r.t("span.year"), ""}}
	var fields []field
	if p.of == nil {
		fields = append(fields, field{Name: "line", Control: controlSelect, Label: r.t("commitment.line"), Options: r.lines(), Optional: len(g.Chart.Lines) == 0, Values: []string{q.Get("line")}})
	} else if p.amends {
		fields = append(fields, field{Name: "counting", Control: controlRadios, Label: r.t("define.counting"), Options: []option{
			{"same", r.t("define.counting-same"), r.t("define.counting-same-hint")}, {"other", r.t("define.counting-other"), r.t("define.counting-other-hint")}}})
	}
	fields = append(fields, field{Name: "code", Control: controlInput, Label: r.t("indicator.code"), Hint: r.t("define.code-hint"), Width: 20})
	for _, l := range readerFirst(r.lang, g.Chart.Languages) {
		fields = append(fields, field{Name: "title." + l, Control: controlInput, Label: in("define.name", l), Lang: tags[l]},
			field{Name: "body." + l, Control: controlText, Label: in("define.definition", l), Lang: tags[l], Rows: 6},
			field{Name: "method." + l, Control: controlText, Label: in("define.method", l), Lang: tags[l], Rows: 4, Optional: true},
			field{Name: "limits." + l, Control: controlText, Label: in("define.limits", l), Lang: tags[l], Rows: 4, Optional: true})
	}
	fields = append(fields,
		field{Name: "unit", Control: controlSelect, Label: r.t("indicator.unit"), Hint: r.t("define.unit-hint"), Options: named("unit.", units)},
		field{Name: "unit-other", Control: controlInput, Label: r.t("define.unit-other"), Width: 10, Optional: true},
		field{Name: "counted", Control: controlSelect, Label: r.t("indicator.counting"), Hint: r.t("define.counted-hint"), Options: named("counting.", countingUnits)},
		field{Name: "counted-other", Control: controlInput, Label: r.t("define.counted-other"), Width: 20, Optional: true},
		field{Name: "direction", Control: controlRadios, Label: r.t("indicator.direction"), Options: []option{{"up", r.t("direction.up"), ""}, {"down", r.t("direction.down"), ""}, {"context", r.t("direction.context"), ""}}},
		field{Name: "period", Control: controlRadios, Label: r.t("indicator.period"), Options: spans},
		field{Name: "fiscal", Control: controlSelect, Label: r.t("define.fiscal"), Options: r.months(), Optional: true},
		field{Name: "since", Control: controlDate, Label: r.t("define.since"), Hint: r.t("define.since-hint"), Optional: true})
	for _, x := range readerParty(w.node.Party(), g.Chart.IDs()) {
		fields = append(fields, field{Name: "source-" + string(x), Control: controlInput, Label: r.t("define.source", "Party", g.PartyName(x)), Hint: r.t("define.source-hint"), Optional: true})
	}
	fields = append(fields, r.conversionFields(w.node.Party())...)
	for i := range formBreakdowns {
		n := strconv.Itoa(i + 1)
		fields = append(fields, field{Name: "part" + n, Control: controlInput, Label: r.t("define.part", "Number", i+1), Hint: r.t("define.part-hint", "Order", r.codeOrder()), Optional: true},
			field{Name: "codes" + n, Control: controlText, Label: r.t("define.codes", "Number", i+1), Hint: r.t("define.codes-hint", "Order", r.codeOrder()), Rows: 4, Optional: true})
	}
	for _, n := range []string{"baseline", "target"} {
		fields = append(fields, field{Name: n, Control: controlInput, Label: r.t("indicator." + n), Width: 10, Optional: true},
			field{Name: n + "-from", Control: controlDate, Label: r.t("define." + n + "-from"), Hint: r.t("define.from-hint"), Optional: true},
			field{Name: n + "-to", Control: controlDate, Label: r.t("define." + n + "-to"), Optional: true})
	}
	fields = append(fields,
		field{Name: "owner", Control: controlSelect, Label: r.t("define.owner"), Hint: r.t("define.owner-hint"), Options: append([]option{{"", r.t("choose.none"), ""}}, w.offices(r)...), Optional: true},
		field{Name: "frequency", Control: controlSelect, Label: r.t("define.frequency"), Options: append([]option{{"", r.t("choose"), ""}}, spans...)},
		field{Name: "due", Control: controlInput, Label: r.t("define.due"), Hint: r.t("define.due-hint"), Width: 3, Optional: true})
	if opts := texts.options(r, p.objectives); len(opts) > 1 {
		fields = append(fields, field{Name: "objectives", Control: controlChecks, Label: r.t("define.objectives"), Options: opts[1:], Optional: true, Values: q["objective"]})
	}
	for _, s := range schemes {
		fields = append(fields, field{Name: "code-" + s, Control: controlInput, Label: r.t("define.scheme." + strings.ToLower(s)), Hint: r.t("define.scheme-hint." + strings.ToLower(s)), Width: 10, Optional: true})
	}
	fields = append(fields, field{Name: "until", Control: controlDate, Label: r.t("commitment.until"), Hint: r.t("propose.until-hint"), Optional: true},
		field{Name: "counter", Control: controlHidden, Values: []string{q.Get("counter")}}, field{Name: "amend", Control: controlHidden, Values: []string{q.Get("amend")}})
	fields = append(fields, r.handled("handling", r.t("propose.handling"))...)
	f, err := r.form(g.Href("indicators", "new"), r.t("draft.go"), fields...)
	if err != nil {
		return nil, nil, err
	}
	f.Back = g.Href("indicators")
	sources := []string{"method.", "limits."}
	for _, x := range g.Chart.IDs() {
		sources = append(sources, "source-"+string(x))
	}
	parts := []string{}
	for i := range formBreakdowns {
		parts = append(parts, "part"+strconv.Itoa(i+1), "codes"+strconv.Itoa(i+1))
	}
	sections := []formSection{f.section("", "", "counter", "amend", "line", "counting", "code"), f.section("define.text", "", "title.", "body."),
		f.section("define.measure", "", "unit", "unit-other", "counted", "counted-other", "direction", "period", "fiscal", "since"),
		f.section("define.sources", "", sources...), f.section("define.conversions", "define.conversions-hint", r.conversionNames(w.node.Party())...),
		f.section("define.levels", "define.levels-hint", "baseline", "baseline-from", "baseline-to", "target", "target-from", "target-to"),
		f.section("define.answers", "", "owner", "frequency", "due", "objectives"), f.section("define.parts", "define.parts-hint", parts...),
		f.section("define.codes-title", "", "code-ICCS", "code-SDG"), f.section("propose.more", "", "until", "handling", "handling.handling")}
	if p.of == nil {
		return f, sections, f.beginAs(w)
	}
	if err := w.prefill(r, f, p.from.State.Instrument); err != nil {
		return nil, nil, err
	}
	if t, ok := p.of.Terms.(*entente.Indicator); ok {
		f.beginDefinition(t, texts, p.of.ID)
	}
	return f, sections, f.beginAs(w)
}

// codeOrder names what stands in a line of a list of codes.
func (r *request) codeOrder() string {
	out := []string{r.t("define.code-word")}
	for _, l := range r.group.Chart.Languages {
		out = append(out, r.t("define.name-word", "Language", r.t("in-language."+l)))
	}
	return strings.Join(out, "; ")
}

func (r *request) months() []option {
	out := []option{{"", r.t("define.calendar-year"), ""}}
	for m := time.February; m <= time.December; m++ {
		out = append(out, option{Value: strconv.Itoa(int(m)), Text: r.t("month." + strings.ToLower(m.String()))})
	}
	return out
}

// beginDefinition fills in what the text that this one stands against says. What was returned as a file stays.
func (f *form) beginDefinition(t *entente.Indicator, texts reading, of record.ID) {
	if f.r.Method == http.MethodPost {
		return
	}
	for _, l := range f.r.group.Chart.Languages {
		for _, n := range []string{"title.", "body.", "method.", "limits."} {
			if x, err := f.Field(n + l); err == nil && x.Value() == "" {
				f.set(n+l, texts.part(of, n+l))
			}
		}
	}
	either := func(name, value string, known []string) {
		if value == "" || slices.Contains(known, value) {
			f.set(name, value)
			return
		}
		f.set(name, otherChoice)
		f.set(name+"-other", value)
	}
	either("unit", t.Unit, units)
	either("counted", t.CountingUnit, countingUnits)
	f.set("code", t.Code)
	f.set("direction", t.Direction)
	f.set("period", t.Period)
	f.set("frequency", t.Frequency)
	if t.FiscalMonth > 1 {
		f.set("fiscal", strconv.FormatUint(t.FiscalMonth, 10))
	}
	if t.Since != 0 {
		f.set("since", isoDeadline(t.Since))
	}
	for p, s := range t.Sources {
		f.set("source-"+string(p), s)
	}
	f.beginConversions(t)
	for i, b := range t.Breakdowns {
		n := strconv.Itoa(i + 1)
		f.set("part"+n, f.codeLine(b.Code, b.Names))
		var lines []string
		for _, v := range b.Values {
			lines = append(lines, f.codeLine(v.Code, v.Names))
		}
		f.set("codes"+n, strings.Join(lines, "\n"))
	}
	for n, l := range map[string]*entente.Level{"baseline": t.Baseline, "target": t.Target} {
		if l == nil {
			continue
		}
		f.set(n, string(l.Value))
		end := l.Date
		if l.Start != 0 {
			f.set(n+"-from", isoDeadline(l.Start))
			end--
		}
		f.set(n+"-to", isoDeadline(end))
	}
	if t.Owner != "" {
		f.set("owner", officeValue(t.Owner, t.Office))
	}
	if t.DueDays > 0 {
		f.set("due", strconv.FormatUint(t.DueDays, 10))
	}
	var serves []string
	for _, o := range append([]record.ID{t.Objective}, t.Objectives...) {
		serves = append(serves, idText(o))
	}
	f.set("objectives", serves...)
	for _, c := range t.Codes {
		scheme, code, _ := strings.Cut(c, ":")
		f.set("code-"+scheme, code)
	}
}

func (f *form) codeLine(code string, names map[string]string) string {
	out := []string{code}
	for _, l := range f.r.group.Chart.Languages {
		if names[l] != "" {
			out = append(out, names[l])
		}
	}
	return strings.Join(out, "; ")
}

// codeName reads a line of a list of codes.
func (f *form) codeName(name, line string) entente.CodeName {
	parts := strings.Split(line, ";")
	c := entente.CodeName{Code: strings.TrimSpace(parts[0])}
	langs := f.r.group.Chart.Languages
	if c.Code == "" || strings.ContainsAny(c.Code, " \t") || len(c.Code) > record.MaxName || len(parts) != 1 && len(parts) != len(langs)+1 {
		f.wrong(name, "define.code-line", "Line", line)
		return c
	}
	for i, n := range parts[1:] {
		if n = strings.TrimSpace(n); n == "" || len(n) > 2*record.MaxName {
			f.wrong(name, "define.code-line", "Line", line)
			break
		}
		if c.Names == nil {
			c.Names = map[string]string{}
		}
		c.Names[langs[i]] = n
	}
	return c
}

// either is a choice of a list, or what is written beside it.
func (f *form) either(name string) string {
	v := f.choice(name)
	other := f.text(name + "-other")
	switch {
	case v != otherChoice:
		return v
	case other == "" || len(other) > record.MaxName:
		f.wrong(name+"-other", "define.other-word")
	}
	return other
}

// utcDay is the first second of a day in UTC, as figures have it; 0: none was given.
func (f *form) utcDay(name string) int64 {
	t, ok := f.date(name, time.UTC)
	if !ok {
		return 0
	}
	return t.Unix()
}

// level is a baseline or target: of a span, or of a day.
func (f *form) level(name string) *entente.Level {
	v, from, to := f.decimal(name), f.utcDay(name+"-from"), f.utcDay(name+"-to")
	switch {
	case v == "" && from == 0 && to == 0:
		return nil
	case v == "" && len(f.text(name)) == 0:
		f.wrong(name, "define.level-value")
		return nil
	case to == 0:
		f.wrong(name+"-to", "define.level-to")
		return nil
	case from != 0 && from > to:
		f.wrong(name+"-from", "define.level-order")
		return nil
	case from != 0:
		return &entente.Level{Value: v, Start: from, Date: to + 86400}
	}
	return &entente.Level{Value: v, Date: to}
}

// defined reads the form into an act; what is wrong stands at its field.
func (w *Web) defined(r *request, p *proposal, f *form) (node.Act, any, error) {
	a := node.Act{Nature: record.Arrangement, Parts: f.parts(nil, "title", "body", "method", "limits")}
	if p.of == nil {
		a.Line = f.choice("line")
	}
	f.everyLanguage("method.")
	f.everyLanguage("limits.")
	t := entente.Indicator{Code: strings.ToLower(f.text("code")), Unit: f.either("unit"), CountingUnit: f.either("counted"), Direction: f.choice("direction"), Period: f.choice("period"),
		Frequency: f.choice("frequency"), DueDays: f.number("due", 1, 366), Since: f.utcDay("since"), Sources: map[record.Party]string{}, Baseline: f.level("baseline"), Target: f.level("target")}
	if t.Code != "" && !record.ValidName(t.Code) {
		f.wrong("code", "define.code-form")
	}
	if m := f.choice("fiscal"); m != "" {
		t.FiscalMonth, _ = strconv.ParseUint(m, 10, 8)
	}
	for _, x := range r.group.Chart.IDs() {
		if s := f.text("source-" + string(x)); len(s) > 500 {
			f.wrong("source-"+string(x), "form.too-long")
		} else if s != "" {
			t.Sources[x] = s
		}
	}
	t.Conversion = f.conversions(t.Unit)
	for i := range formBreakdowns {
		n := strconv.Itoa(i + 1)
		name, list := f.text("part"+n), f.text("codes"+n)
		switch {
		case name == "" && list == "":
			continue
		case name == "":
			f.wrong("part"+n, "form.required")
		case list == "":
			f.wrong("codes"+n, "form.required")
		}
		c := f.codeName("part"+n, name)
		if c.Code = strings.ToLower(c.Code); !record.ValidName(c.Code) {
			f.wrong("part"+n, "define.code-form")
		}
		b := entente.Disaggregation{Code: c.Code, Names: c.Names}
		for line := range strings.Lines(list) {
			if line = strings.TrimSpace(line); line != "" {
				b.Values = append(b.Values, f.codeName("codes"+n, line))
			}
		}
		t.Breakdowns = append(t.Breakdowns, b)
	}
	if t.Direction != "" && t.Direction != "context" && t.Target != nil && t.Baseline != nil && t.Target.Date <= t.Baseline.Date {
		f.wrong("target-to", "define.target-before")
	}
	if (t.Baseline != nil && t.Target != nil) && (t.Baseline.Start != 0) != (t.Target.Start != 0) {
		f.wrong("target-from", "define.level-kinds")
	}
	owner, office, _ := strings.Cut(f.choice("owner"), "/")
	t.Owner, t.Office = record.Party(owner), office
	if f.Has("objectives") {
		for i, v := range f.choices("objectives") {
			id, err := record.ParseID(v)
			if err != nil {
				return a, nil, err
			}
			if i == 0 {
				t.Objective = id
			} else {
				t.Objectives = append(t.Objectives, id)
			}
		}
	}
	for _, s := range schemes {
		if c := f.text("code-" + s); c != "" {
			t.Codes = append(t.Codes, s+":"+c)
			if strings.ContainsAny(c, " :") || len(c) > 40 {
				f.wrong("code-"+s, "define.scheme-form")
			}
		}
	}
	if old, ok := formerTerms[entente.Indicator](p); ok {
		t.SameCount = p.amends && f.choice("counting") == "same"
		for _, c := range old.Codes {
			if scheme, _, _ := strings.Cut(c, ":"); !slices.Contains(schemes, scheme) {
				t.Codes = append(t.Codes, c)
			}
		}
		for i, x := range old.Conversion { // of a party the form shows the first
			if slices.ContainsFunc(old.Conversion[:i], func(y entente.Conversion) bool { return y.Party == x.Party }) {
				t.Conversion = append(t.Conversion, x)
			}
		}
		if len(old.Breakdowns) > formBreakdowns {
			t.Breakdowns = append(t.Breakdowns, old.Breakdowns[formBreakdowns:]...)
		}
		if t.SameCount && (old.Unit != t.Unit || old.CountingUnit != t.CountingUnit || old.Period != t.Period) {
			f.wrong("counting", "define.counting-changed")
		}
	} else if t.Code != "" {
		all, err := w.listed(r, node.Query{Kind: indicatorKind})
		if err != nil {
			return a, nil, err
		}
		if slices.ContainsFunc(all, func(x node.Listed) bool { return x.State.Fact("code") == t.Code }) {
			f.wrong("code", "define.code-taken")
		}
	}
	if a.Until = f.deadline("until"); a.Until != 0 && a.Until < w.node.Now() {
		f.wrong("until", "propose.past")
	}
	return a, t, nil
}

// formerTerms are those of the text that a new one stands against.
func formerTerms[T any](p *proposal) (*T, bool) {
	if p.of == nil {
		return nil, false
	}
	t, ok := p.of.Terms.(*T)
	return t, ok
}

// defines are the further particulars of an indicator in words.
func (w *Web) defines(r *request, t *entente.Indicator) []particular {
	var out []particular
	add := func(key, text string) { out = append(out, particular{Key: key, Text: text}) }
	if t.Frequency != "" {
		add("define.frequency", r.t("span."+t.Frequency))
	}
	if t.DueDays > 0 {
		add("define.due", r.t("define.due-days", "Count", int(t.DueDays)))
	}
	if t.Owner != "" {
		add("define.owner", w.responsible(r, t.Owner, t.Office))
	}
	for _, x := range t.Conversion {
		text := r.convertedBy(x.Party, &progress.Converted{From: x.From, To: t.Unit, Factor: x.Factor, Declared: true})
		add("define.conversion", text+" "+nameOr(x.Ground, r.lang, ""))
	}
	for _, b := range t.Breakdowns {
		var names []string
		for _, v := range b.Values {
			names = append(names, nameOr(v.Names, r.lang, v.Code))
		}
		add("define.parts", nameOr(b.Names, r.lang, b.Code)+": "+strings.Join(names, ", "))
	}
	if len(t.Codes) > 0 {
		add("define.codes-title", strings.Join(t.Codes, ", "))
	}
	if t.SameCount {
		add("define.counting", r.t("define.counting-same"))
	}
	return out
}

// responsible names a party, or an office of it.
func (w *Web) responsible(r *request, p record.Party, office string) string {
	if office == "" {
		return r.group.PartyName(p)
	}
	return r.t("office.of", "Party", r.group.PartyName(p), "Office", w.officeOf(r, p, office))
}

func nameOr(names map[string]string, lang, code string) string {
	if n := names[lang]; n != "" {
		return n
	}
	return code
}

// targets are what was agreed to reach, one after another, where it moved.
func (w *Web) targets(r *request, s *entente.State) []sentence {
	var out []sentence
	for i, d := range s.Definitions {
		if !d.Moved {
			continue
		}
		before := s.Definitions[max(i-1, 0)].Target
		level := func(l *entente.Level) string {
			if l == nil {
				return r.t("indicator.none-agreed")
			}
			return r.level(s, &progress.Level{Value: l.Value, Start: l.Start, Date: l.Date})
		}
		out = append(out, sentence{r.t("target.moved", "Day", w.languages[r.lang].day(d.Since), "Before", level(before), "After", level(d.Target)), "wait"})
	}
	return out
}
