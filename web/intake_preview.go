package web

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"entente"
	"entente/figures"
	"entente/node"
	"entente/progress"
	"entente/record"
	tables "entente/sheet"
)

type intakePreviewBody struct {
	File     string
	Measure  name
	Read     *node.FiguresRead
	Taken    int
	Refused  []refusedFigure
	Untold   int
	Moved    []figureLine // revised and confirmed
	Added    []figureLine
	Gone     []figureLine
	Sums     []mismatchLine
	Skipped  []figures.Skipped
	Encoding string
	Form     *form
	Keep     *form
	Map      string
	Download string
	Changed  bool // what stands has changed since the page was shown
	Own      string
}

type refusedFigure struct {
	figures.Refused
	Why string
}

type figureLine struct {
	Line             int
	Period           string
	Area, Part       string
	Value, Was, Diff string
	Exact            record.Decimal
	Status           string
	Class            figures.Class
}

type mismatchLine struct {
	Party                  string
	Period, Area, Part     string
	Over                   string
	Total, Sum, Difference string
	Of                     int
}

// waitingPage shows how far a file is read. It asks again by itself, so that it needs no script.
type waitingPage struct {
	page
	again string
}

type waitingBody struct {
	File        string
	Done, Total uint64
	Again       string
}

func (a waitingPage) write(rw http.ResponseWriter, r *request) error {
	rw.Header().Set("Refresh", "2; url="+a.again)
	return a.page.write(rw, r)
}

// intakePreview shows what a file would add, revise or leave, and what is refused; on a POST it makes drafts of what is taken.
func (w *Web) intakePreview(r *request) (answer, error) {
	x := w.intakeOf(r)
	if x == nil {
		return r.intakeGone(), nil
	}
	if len(x.mapping.Columns) == 0 {
		return redirect{to: r.group.Href("figures", "map")}, nil
	}
	x, ended := w.readIntake(r, x)
	if !ended {
		again := r.group.Href("figures", "preview")
		done, total := x.work.done.Load(), x.work.total.Load()
		return waitingPage{page{name: "intake-wait", title: r.t("intake.waiting"), nav: indicatorKind, body: waitingBody{x.name, done / 1000, max(total/1000, 1), again}}, again}, nil
	}
	if err := x.work.err; err != nil {
		return w.intakeFailed(r, x, err)
	}
	read := *x.work.read
	changed := false
	if r.Method == http.MethodPost { // what stands on record may have moved since
		now, err := w.node.CompareFigures(r.Context(), r.who, x.query(), read.Reading.Figures)
		if err != nil {
			return nil, err
		}
		changed = now.Added != read.Change.Added || now.Revised != read.Change.Revised || now.Confirmed != read.Change.Confirmed
		read.Change = now
	}
	b, err := w.intakeBody(r, x, &read)
	if err != nil {
		return nil, err
	}
	b.Changed = changed
	var fields []field
	if read.Refused() > 0 && b.Taken > 0 {
		fields = append(fields, field{Name: "rest", Control: controlRadios, Label: r.t("intake.rest"), Options: []option{{"take", r.t("intake.rest-take"), ""}, {"leave", r.t("intake.rest-leave"), ""}}})
	}
	fields = append(fields, field{Name: "source", Control: controlInput, Label: r.t("intake.source"), Values: []string{x.mapping.Source}},
		field{Name: "vintage", Control: controlInput, Label: r.t("intake.vintage"), Hint: r.t("intake.vintage-hint"), Width: 20, Optional: true, Values: []string{x.vintage}})
	fields = append(append(fields, r.bodies("intake.note", 3)...), r.handled("audience", r.t("intake.audience"))...)
	f, err := r.form(r.group.Href("figures", "preview"), r.t("intake.confirm"), fields...)
	if err != nil {
		return nil, err
	}
	f.Back, b.Form = b.Map, f
	if b.Keep, err = r.asGet().keepForm(x); err != nil {
		return nil, err
	}
	b.Keep.Back = ""
	p := page{name: "intake-preview", title: r.t("intake.preview-title"), nav: indicatorKind, body: b}
	if r.Method != http.MethodPost || changed || b.Taken == 0 {
		return p, nil
	}
	q := x.query()
	f.published(&q)
	rest := "take"
	if f.Has("rest") {
		rest = f.choice("rest")
	}
	if !f.ok() {
		return f.again(p), nil
	}
	if rest == "leave" {
		w.intakes.drop(r.session.secret)
		return redirect{to: r.group.Href("figures"), done: "figures-left"}, nil
	}
	ds, err := w.node.DraftFigures(r.Context(), r.who, q, read.Change.Take)
	if err != nil {
		return nil, err
	}
	w.intakes.drop(r.session.secret)
	if len(ds) == 1 {
		return redirect{to: r.group.Href("drafts", ds[0].Nonce.String()), done: "figures-drafted"}, nil
	}
	return redirect{to: r.signHref(ds), done: "figures-drafted"}, nil
}

// intakeFailed answers a file that cannot be read with its mapping by the page where the mapping is mended.
func (w *Web) intakeFailed(r *request, x *intake, err error) (answer, error) {
	fault, line := tables.FaultOf(err)
	mapping := errors.Is(err, figures.ErrMapping)
	if fault == "" && !mapping && !errors.Is(err, node.ErrInvalid) {
		return nil, err
	}
	get := r.asGet()
	p, f, _, err2 := w.intakeMapPage(get, x)
	if err2 != nil {
		return nil, errors.Join(err, err2)
	}
	switch {
	case fault == tables.PastBounds:
		f.wrong("header", "intake.past-bounds", "Figures", w.languages[r.lang].number(figures.MaxFigures))
	case fault != "":
		f.wrong("header", "sheet.fault", "Text", r.faultWords(err, fault, line))
	case mapping:
		f.wrong(w.missingField(x.mapping), "intake.mapping-wrong", "Text", shorten(err.Error(), maxShownFault))
	default:
		f.wrong("unit", "intake.other-measure", "Unit", r.unit(x.mapping.Unit))
	}
	return f.again(p), nil
}

func (w *Web) intakeBody(r *request, x *intake, read *node.FiguresRead) (*intakePreviewBody, error) {
	_, measure, err := w.measuredBy(r, x.indicator)
	if err != nil {
		return nil, err
	}
	c := read.Change
	b := &intakePreviewBody{File: x.name, Measure: measure, Read: read, Taken: len(c.Take), Untold: read.Reading.Untold + c.Untold, Skipped: read.Reading.Skipped,
		Encoding: strings.ToUpper(string(read.Reading.Found.Encoding)), Map: r.group.Href("figures", "map"), Own: r.group.PartyName(w.node.Party())}
	if read.Reading.Blocked {
		b.Taken = 0
	}
	for _, y := range slices.Concat(read.Reading.Refused, c.Refused) {
		b.Refused = append(b.Refused, refusedFigure{y, r.whyRefused(y.Reason)})
	}
	for i := range c.Take {
		y := &c.Take[i]
		switch {
		case y.Class == figures.Added && len(b.Added) < figuresListed:
			b.Added = append(b.Added, r.figureLine(y))
		case y.Class != figures.Added && len(b.Moved) < 10*figuresListed:
			b.Moved = append(b.Moved, r.figureLine(y))
		}
	}
	for _, y := range c.Vanished[:min(len(c.Vanished), figuresListed)] {
		y.Unit = x.mapping.Unit
		b.Gone = append(b.Gone, r.figureLine(&figures.Compared{Figure: y}))
	}
	b.Sums = r.mismatches(c.Mismatches, x.mapping.Unit)
	return b, nil
}

func (r *request) whyRefused(reason string) string {
	for _, prefix := range []string{"figures.reason.", "sheet.reason."} {
		if s := r.t(prefix + reason); s != "[["+prefix+reason+"]]" {
			return s
		}
	}
	return reason
}

func (r *request) figureLine(y *figures.Compared) figureLine {
	l := figureLine{Line: y.Line, Period: r.period(y.Period, ""), Area: y.Area, Part: y.Part, Exact: y.Value, Status: r.known("status.", string(y.Status)), Class: y.Class}
	amount := func(d record.Decimal) string {
		if d == "" {
			return r.t("status.missing")
		}
		return r.web.languages[r.lang].amount(d, "")
	}
	l.Value = amount(y.Value)
	if y.Class == figures.Revised {
		l.Was = amount(y.Was)
		if y.Was != "" && y.Value != "" {
			l.Diff = amount(progress.Minus(y.Value, y.Was))
		}
	}
	return l
}

func (r *request) mismatches(all []progress.Mismatch, unit string) []mismatchLine {
	var out []mismatchLine
	for _, m := range all {
		out = append(out, mismatchLine{"", r.period(m.Period, ""), m.Area, m.Disaggregation, r.t("totals.over."+m.Over, "Count", m.Of), r.figure(m.Total, unit), r.figure(m.Sum, unit), r.figure(m.Difference, unit), m.Of})
	}
	return out
}

// typeFigures takes one or a few figures that no file holds.
func (w *Web) typeFigures(r *request) (answer, error) {
	d, err := w.detail(r)
	if err != nil {
		return nil, err
	}
	s := d.State
	if s.Fact("direction") == "" || s.Text() == nil {
		return nil, fmt.Errorf("indicator: %w", node.ErrNotFound)
	}
	texts, err := w.read(r, titles(r.group, []node.Listed{d.Listed}))
	if err != nil {
		return nil, err
	}
	unit := s.Fact("unit")
	units := []option{{Value: unit, Text: r.unit(unit)}}
	for _, u := range progress.Convertible(unit) {
		units = append(units, option{Value: u, Text: r.unit(u)})
	}
	statuses := []option{}
	for _, x := range []progress.Status{progress.Provisional, progress.Revised, progress.Final, progress.Missing} {
		statuses = append(statuses, option{Value: string(x), Text: r.t("status." + string(x))})
	}
	source := s.Fact("source." + string(w.node.Party()))
	fields := []field{{Name: "unit", Control: controlSelect, Label: r.t("intake.unit"), Options: units, Values: []string{unit}},
		{Name: "source", Control: controlInput, Label: r.t("intake.source"), Values: []string{source}},
		{Name: "vintage", Control: controlInput, Label: r.t("intake.vintage"), Hint: r.t("intake.vintage-hint"), Width: 20, Optional: true}}
	b := &typedBody{Name: texts.name(r, r.group, s), Import: r.group.Href("figures") + "?indicator=" + s.Instrument.String()}
	for i := range typedRows {
		k := strconv.Itoa(i + 1)
		first := i == 0
		b.Rows = append(b.Rows, k)
		fields = append(fields,
			field{Name: "start." + k, Control: controlDate, Label: r.t("typed.start"), Optional: !first, Unmarked: true},
			field{Name: "end." + k, Control: controlDate, Label: r.t("typed.end"), Optional: !first, Unmarked: true},
			field{Name: "value." + k, Control: controlInput, Label: r.t("typed.value"), Width: 10, Optional: true, Unmarked: true},
			field{Name: "status." + k, Control: controlSelect, Label: r.t("typed.status"), Options: statuses, Optional: !first, Unmarked: true},
			field{Name: "area." + k, Control: controlInput, Label: r.t("figures.area"), Width: 10, Optional: true, Unmarked: true, Values: []string{string(w.node.Party())}},
			field{Name: "part." + k, Control: controlInput, Label: r.t("figures.part"), Width: 20, Optional: true, Unmarked: true})
	}
	fields = append(append(fields, r.bodies("intake.note", 3)...), r.handled("audience", r.t("intake.audience"))...)
	f, err := r.form(r.group.Href("indicators", s.Instrument.String(), "add"), r.t("draft.go"), fields...)
	if err != nil {
		return nil, err
	}
	f.Back, b.Form = r.group.Href("indicators", s.Instrument.String()), f
	p := page{name: "typed", title: r.t("typed.title"), nav: indicatorKind, body: b}
	if r.Method != http.MethodPost {
		return p, nil
	}
	q := node.FigureImport{Group: r.group.ID, Indicator: s.Instrument}
	q.Mapping.Unit = f.choice("unit")
	f.published(&q)
	fs := w.typed(f, q.Mapping.Unit)
	if !f.ok() {
		return f.again(p), nil
	}
	c, err := w.node.CompareFigures(r.Context(), r.who, q, fs)
	if err != nil {
		return nil, err
	}
	for _, x := range c.Refused {
		f.wrong("start."+strconv.Itoa(x.Line), "figures.field-reason", "Text", r.whyRefused(x.Reason))
	}
	if f.ok() && len(c.Take) == 0 {
		f.wrong("value.1", "typed.nothing-new")
	}
	if !f.ok() {
		return f.again(p), nil
	}
	ds, err := w.node.DraftFigures(r.Context(), r.who, q, c.Take)
	if err != nil {
		return nil, err
	}
	return redirect{to: r.group.Href("drafts", ds[0].Nonce.String()), done: "figures-drafted"}, nil
}

type typedBody struct {
	Name   name
	Form   *form
	Rows   []string
	Import string
}

// typed reads the rows of the form that have anything in them.
func (w *Web) typed(f *form, unit string) []figures.Figure {
	var out []figures.Figure
	for i := range typedRows {
		k := strconv.Itoa(i + 1)
		value := f.decimal("value." + k)
		start, end := f.text("start."+k), f.text("end."+k)
		if i > 0 && start == "" && end == "" && value == "" {
			continue
		}
		from, ok1 := progress.ParseDate(start)
		to, ok2 := progress.ParseDate(end)
		if !ok1 {
			f.wrong("start."+k, "form.date")
		}
		if !ok2 {
			f.wrong("end."+k, "form.date")
		}
		x := figures.Figure{Period: record.Period{Start: from, End: to + 86400}, Area: f.text("area." + k), Part: f.text("part." + k), Value: value, Unit: unit, Status: progress.Status(f.choice("status." + k)), Line: i + 1}
		if x.Status == "" {
			f.wrong("status."+k, "form.choose")
		}
		if value == "" && x.Status != progress.Missing {
			f.wrong("value."+k, "typed.value-or-missing")
		} else if why := x.Fault(w.node.Now(), true); why != "" && ok1 && ok2 {
			at := "start."
			switch why {
			case figures.Fraction, figures.HasValue:
				at = "value."
			case figures.LongText:
				at = "area."
			}
			f.wrong(at+k, "figures.field-reason", "Text", f.r.whyRefused(why))
		}
		if j := slices.IndexFunc(out, func(y figures.Figure) bool { return y.Key() == x.Key() }); j >= 0 {
			f.wrong("start."+k, "figures.field-reason", "Text", f.r.whyRefused(figures.Repeated))
		}
		out = append(out, x)
	}
	return out
}

// published reads what a form says of figures as a whole: source, edition, who sees them, and a note.
func (f *form) published(q *node.FigureImport) {
	q.Source, q.Vintage, q.Marking, q.Note = f.text("source"), f.text("vintage"), f.marking("audience"), f.bodyTexts(false)
	if len(q.Source) > entente.MaxSource {
		f.wrong("source", "form.too-long")
	}
	if len(q.Vintage) > record.MaxName {
		f.wrong("vintage", "form.too-long")
	}
}
