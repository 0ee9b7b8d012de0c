package web

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"entente"
	"entente/chart"
	"entente/node"
	"entente/progress"
	"entente/record"
)

// claimBody is one claim: the words, the chain, the finding with its arithmetic, what each side says, and what may be done.
type claimBody struct {
	*node.ClaimInfo
	Changed   bool // at home, since it was put before the others
	Waits     bool // a draft that puts it there waits for signatures
	Quote     string
	Tag       string
	Href      string
	Facts     []particular
	States    string // what it states, in words
	Indicator *link
	Finding   findingTag
	Held      node.ClaimHeld
	Says      []string // what the finding means, and what it was computed from
	Readings  []readingRow
	Stated    []readingRow // how the rule reads the claim first, where that is not among them
	Chart     *drawn
	Position  []text // at home
	Form      *form  // to note the position
	Sides     []claimSide
	Released  []claimRelease
	Replies   []act
	Reads     bool
	May       bool // the word of today may be released by this party
	Out       bool // every party released it with that word
	Whole     string
}

// readingRow is one way to read the claim, with its arithmetic.
type readingRow struct {
	Name, Series, Arithmetic, Mark string
	Fits, Contested                bool
	Of                             string
}

// claimSide is what one party says of it before the others.
type claimSide struct {
	Party record.Party
	Key   string
	Texts []text
}

type claimRelease struct {
	Party record.Party
	Word  string // empty: not released
}

func (w *Web) claim(r *request) (answer, error) {
	c, err := w.claimAt(r)
	if err != nil {
		return nil, err
	}
	m, err := w.node.Measures(r.Context(), r.who, r.group.ID, c.Claim)
	if err != nil {
		return nil, err
	}
	wants := w.node.ClaimTexts(r.group.ID, c)
	indicator := m.Indicator(c.Claim.Indicator)
	if indicator == nil && !c.Claim.Indicator.IsZero() {
		if x, err := w.node.InstrumentsByID(r.Context(), r.who, r.group.ID, c.Claim.Indicator); err != nil {
			return nil, err
		} else if y, ok := x[c.Claim.Indicator]; ok {
			indicator = y.State
		}
	}
	named := m.Indicators()
	if indicator != nil {
		named[indicator.Fact("code")] = indicator
	}
	var names []node.Want
	for _, s := range named {
		names = append(names, node.Want{Group: r.group.ID, Record: titled(s), Names: []string{"title.*"}})
	}
	texts, figures, err := w.readFigures(r, append(names, wants...), m.States()...)
	if err != nil {
		return nil, err
	}
	m.Fill(figures)
	held := m.Hold(c.Claim)
	f := held.Finding
	titles := map[string]string{}
	for code, s := range named {
		titles[code] = texts.name(r, r.group, s).Text
	}
	b := &claimBody{Changed: c.Changed(), Waits: c.Draft != record.Nonce{}, ClaimInfo: c, Quote: texts.texts.Quote(c), Tag: c.Claim.Language, Href: r.group.Href("claims", c.ID.String()), Finding: r.finding(&f), Held: held}
	b.Facts, b.States = w.claimFacts(r, &c.Claim), r.claimStates(&c.Claim)
	if indicator != nil {
		b.Indicator = &link{Text: texts.name(r, r.group, indicator).Text, Href: r.group.Href("indicators", indicator.Instrument.String())}
	}
	b.says(r, &f)
	for i := range f.Readings {
		b.Readings = append(b.Readings, w.readingRow(r, titles, &f, &f.Readings[i]))
	}
	if f.Word != progress.FindingDiffers {
		for i := range f.Stated {
			if !f.Stated[i].Fits {
				b.Stated = append(b.Stated, w.readingRow(r, titles, &f, &f.Stated[i]))
			}
		}
	}
	b.Chart = w.claimChart(r, m, c.Claim.Indicator, &f)
	for _, l := range readerFirst(r.lang, r.group.Chart.Languages) {
		if t := texts.texts.Position(c)[l]; t != "" {
			b.Position = append(b.Position, text{Lang: l, Tag: tags[l], Body: t})
		}
	}
	_, b.Reads = w.mayPrepare(r, &entente.State{Kind: entente.ClaimKind})
	if c.Joint != nil {
		if err := b.before(w, r, texts, &f); err != nil {
			return nil, err
		}
	}
	pg := page{name: "claim", title: r.t("claim.title"), nav: entente.ClaimKind, body: b}
	if b.Reads || c.Home == nil {
		if r.Method == http.MethodPost {
			return nil, changed()
		}
		return pg, nil
	}
	if b.Form, err = r.form(b.Href, r.t("claim.position-keep"), r.bodies("claim.position-in", 4)...); err != nil || r.Method != http.MethodPost {
		for _, t := range b.Position {
			if b.Form != nil {
				b.Form.set("body."+t.Lang, t.Body)
			}
		}
		return pg, err
	}
	x := node.NewClaim{Position: b.Form.bodyTexts(true)}
	if !b.Form.ok() {
		return b.Form.again(pg), nil
	}
	if _, err := w.node.NoteClaim(r.Context(), r.who, r.group.ID, c.ID, x); err != nil {
		return nil, err
	}
	return redirect{to: b.Href, done: "claim-position"}, nil
}

// before says what stands before the other side, and who released it.
func (b *claimBody) before(w *Web, r *request, texts reading, f *progress.Finding) error {
	s := b.Joint.State
	d, err := w.node.Instrument(r.Context(), r.who, r.group.ID, s.Instrument)
	if err != nil {
		return err
	}
	b.Whole = r.group.Href("i", s.Instrument.String())
	texts.supply(s)
	header := func(id record.ID) *record.Header {
		for i := range d.Records {
			if d.Records[i].ID == id {
				return d.Records[i].Header
			}
		}
		return new(record.Header)
	}
	shown := func(id record.ID) []text {
		var out []text
		for _, t := range texts.bilingual(r.group, header(id), id) {
			if !t.Missing {
				out = append(out, t)
			}
		}
		return out
	}
	last := s.Reports[len(s.Reports)-1]
	b.Sides = append(b.Sides, claimSide{last.Ref.Party, "claim.put-by", shown(last.ID)})
	for _, y := range s.Replies {
		b.Sides = append(b.Sides, claimSide{y.Ref.Party, "stance." + string(y.Stance), shown(y.ID)})
	}
	if !b.Reads {
		b.Replies = w.replyActs(r, d, last.ID)
	}
	parties := r.group.Chart.IDs()
	ownFirst(w.node.Party(), parties, func(p record.Party) record.Party { return p })
	own := ""
	for _, p := range parties {
		word := s.Fact("released." + string(p))
		if p == w.node.Party() {
			own = word
		}
		b.Released = append(b.Released, claimRelease{p, entente.FindingName(progress.FindingWord(word), r.lang)})
	}
	b.May = own != string(f.Word) && !b.Reads
	b.Out = s.ReleasedWord(parties) == f.Word
	return nil
}

// says what the finding means in words.
func (b *claimBody) says(r *request, f *progress.Finding) {
	key := "finding." + string(f.Word)
	if f.Why != "" {
		key = "finding.why." + f.Why
	}
	b.Says = append(b.Says, r.t(key))
	if f.Tried > 0 {
		b.Says = append(b.Says, r.t("finding.tried", "Tried", f.Tried, "Fit", f.Fit))
	}
	if f.Tolerance != nil && f.Word != progress.FindingNotCheckable {
		b.Says = append(b.Says, r.t("finding.tolerance", "Value", string(f.Tolerance.Round(6))))
	}
	if f.Tried > 0 && b.Claim.Start == 0 && b.Claim.End == 0 && b.Claim.BaseEnd == 0 {
		b.Says = append(b.Says, r.t("finding.undated"))
	}
}

func (w *Web) readingRow(r *request, titles map[string]string, f *progress.Finding, x *progress.Reading) readingRow {
	name := r.t("reading." + x.Name)
	if f.Claim.Form == progress.ClaimValue && x.Name == progress.ReadLatest && len(x.Now) == 1 && x.Now[0].Of > 1 {
		name = r.t("reading." + progress.ReadAll)
	}
	if x.Daily {
		name = r.t("reading.daily", "Name", name)
	}
	series := []string{r.group.PartyName(x.Party), cmp.Or(titles[x.Measure], x.Measure)}
	if x.Area != "" {
		series = append(series, x.Area)
	}
	if x.Disaggregation != "" {
		series = append(series, x.Disaggregation)
	}
	row := readingRow{Name: name, Series: strings.Join(series, " · "), Arithmetic: grouped(x.Arithmetic(f.Claim.Form)), Fits: x.Fits, Contested: x.Contested, Mark: r.t(map[bool]string{true: "reading.fits", false: "reading.near"}[x.Fits])}
	if f.Claim.Form == progress.ClaimPercent {
		row.Arithmetic += " %"
	} else {
		row.Arithmetic += " " + r.unit(x.Unit)
	}
	var periods []string
	for i := range x.Now {
		periods = append(periods, r.period(x.Now[i].Period, ""))
	}
	row.Of = strings.Join(periods[:min(len(periods), 3)], " + ")
	if x.Base != nil {
		row.Of = r.t("reading.against", "Now", row.Of, "Base", r.period(x.Base.Period, ""))
	}
	if x.Of > 0 {
		row.Of += " · " + r.t("reading.of", "Count", x.Of, "Day", w.languages[r.lang].dayUTC(x.From))
	}
	return row
}

var numbers = regexp.MustCompile(`\d+(\.\d+)?`)

// grouped writes thousands as English and the Spanish of Mexico do.
func grouped(s string) string {
	return numbers.ReplaceAllStringFunc(s, func(n string) string { return new(language).amount(record.Decimal(n), "") })
}

// claimStates says in words what the claim states.
func (r *request) claimStates(c *entente.Claim) string {
	if c.Form == "" {
		return r.t("claim.states-nothing")
	}
	l := r.web.languages[r.lang]
	unit := r.unit(c.Unit)
	if c.Form == progress.ClaimPercent {
		unit = "%"
	}
	out := r.t("claim.form." + string(c.Form))
	if c.Value != "" {
		out += ": " + l.amount(c.Value, unit)
	}
	if c.Bound != "" {
		out += " (" + r.t("claim.bound."+c.Bound) + ")"
	}
	period := func(start, end int64) string {
		switch {
		case start != 0 && end != 0:
			return r.period(record.Period{Start: start, End: end}, "")
		case start != 0:
			return r.t("claim.since-day", "Day", l.dayUTC(start))
		case end != 0:
			return r.t("period.until", "Day", l.dayUTC(end-1))
		}
		return r.t("claim.not-said")
	}
	out += " · " + r.t("claim.period") + " " + period(c.Start, c.End)
	if c.Form == progress.ClaimPercent || c.Form == progress.ClaimChange {
		out += " · " + r.t("claim.base") + " " + period(c.BaseStart, c.BaseEnd)
	}
	return out
}

func (w *Web) claimFacts(r *request, c *entente.Claim) []particular {
	var out []particular
	add := func(key, text string) {
		if text != "" {
			out = append(out, particular{Key: key, Text: text})
		}
	}
	add("claim.office", c.Office)
	if c.Side != "" {
		add("claim.side", r.group.PartyName(c.Side))
	}
	if c.Said != 0 {
		add("claim.said", w.languages[r.lang].dayUTC(c.Said))
	}
	add("claim.outlet", c.Outlet)
	add("claim.agency", c.Agency)
	add("claim.link", c.Link)
	add("claim.measure", c.Measure)
	add("claim.area", c.Area)
	add("claim.breakdown", c.Disaggregation)
	add("claim.note", c.Note)
	return out
}

// claimChart draws the series that the claim is read from first, and the way from base to now.
func (w *Web) claimChart(r *request, m *node.Measures, indicator record.ID, f *progress.Finding) *drawn {
	var x *progress.Reading
	for _, list := range [][]progress.Reading{f.Readings, f.Stated} {
		for i := range list {
			if list[i].Tied && list[i].Main && x == nil {
				x = &list[i]
			}
		}
	}
	if x == nil {
		return nil
	}
	s, ok := m.Series(indicator, x)
	if !ok || len(s.Points) < 2 {
		return nil
	}
	l := w.languages[r.lang]
	name := r.group.PartyName(x.Party)
	c := &chart.Chart{ID: "claim", Unit: x.Unit, Title: r.t("indicator.chart", "Name", name, "Unit", r.unit(x.Unit)), Description: r.t("claim.chart-text"), Value: func(v float64) string { return l.number(v) },
		Time: func(t int64) string { return strconv.Itoa(time.Unix(t, 0).UTC().Year()) }, Ticks: years,
		Series: []chart.Series{{Name: name, Style: w.styleOf(r, x.Party), Points: points(s)}}}
	k := &drawn{Unit: r.unit(x.Unit) + ", " + r.t("span."+string(x.Span)), Keys: []chartKey{{w.styleOf(r, x.Party), name}}}
	if x.Base != nil && x.Base.Of == 1 && x.Now[0].Of == 1 && !x.Daily {
		at := func(t *progress.Term) chart.Point {
			v, _ := t.Value.Float64()
			return chart.Point{X: middle(t.Period), Y: v}
		}
		c.Lines = []chart.Line{{Name: r.t("reading." + x.Name), From: at(x.Base), To: at(&x.Now[0])}}
		k.Lines = []string{r.t("claim.chart-line")}
	}
	for _, b := range s.Breaks {
		c.Breaks = append(c.Breaks, chart.Break{X: b.At, Name: r.t("break.short")})
	}
	svg := c.SVG()
	if svg == nil {
		return nil
	}
	k.SVG = template.HTML(svg) //nolint:gosec // chart escapes every text
	return k
}

// putClaim composes what the other side is shown of a claim, and drafts the act.
func (w *Web) putClaim(r *request) (answer, error) {
	c, err := w.claimAt(r)
	if err != nil {
		return nil, err
	}
	if c.Home == nil {
		return nil, changed()
	}
	if c.Draft != (record.Nonce{}) {
		return redirect{to: r.group.Href("drafts", c.Draft.String())}, nil
	}
	f, err := r.form(r.group.Href("claims", c.ID.String(), "put"), r.t("draft.go"), r.bodies("claim.shown-in", 6)...)
	if err != nil {
		return nil, err
	}
	f.Back = r.group.Href("claims", c.ID.String())
	p := page{name: "confirm", title: r.t("claim.put"), nav: entente.ClaimKind, body: confirmBody{f, r.t("claim.put-follows")}}
	if r.Method != http.MethodPost {
		return p, nil
	}
	position := f.bodyTexts(false)
	if !f.ok() {
		return f.again(p), nil
	}
	d, err := w.node.PutClaim(r.Context(), r.who, r.group.ID, c.ID, position)
	if err != nil {
		return nil, err
	}
	return redirect{to: r.group.Href("drafts", d.Nonce.String())}, nil
}

// releaseClaim lets a claim be published with the finding of the moment.
func (w *Web) releaseClaim(r *request) (answer, error) {
	c, err := w.claimAt(r)
	if err != nil {
		return nil, err
	}
	if c.Joint == nil {
		return nil, changed()
	}
	all, err := w.node.CheckClaims(r.Context(), r.who, r.group.ID, []node.ClaimInfo{*c})
	if err != nil {
		return nil, err
	}
	f, err := r.form(r.group.Href("claims", c.ID.String(), "release"), r.t("draft.go"))
	if err != nil {
		return nil, err
	}
	f.Back = r.group.Href("claims", c.ID.String())
	if r.Method != http.MethodPost {
		return page{name: "confirm", title: r.t("claim.release"), nav: entente.ClaimKind, body: confirmBody{f, r.t("claim.release-follows", "Finding", r.finding(&all[0].Finding).Text)}}, nil
	}
	a, err := w.node.ReleaseClaim(r.Context(), r.who, r.group.ID, &all[0])
	if err != nil {
		return nil, err
	}
	return w.prepare(r, a)
}

// claimReview is a claim that every party released, for publication.
func (w *Web) claimReview(r *request) (answer, error) {
	c, err := w.claimAt(r)
	if err != nil {
		return nil, err
	}
	v, err := w.node.ClaimReview(r.Context(), r.who, r.group.ID, c.ID)
	if err != nil {
		return nil, err
	}
	return jsonFile("claim-review.jsonld", "application/ld+json", v)
}

// claimFinding is the finding with everything that it was computed from.
func (w *Web) claimFinding(r *request) (answer, error) {
	c, err := w.claimAt(r)
	if err != nil {
		return nil, err
	}
	all, err := w.node.CheckClaims(r.Context(), r.who, r.group.ID, []node.ClaimInfo{*c})
	if err != nil {
		return nil, err
	}
	return jsonFile("finding.json", "application/json", struct {
		Copy string `json:"copy"`
		progress.Finding
	}{w.copied(r), all[0].Finding})
}

func jsonFile(name, mime string, v any) (answer, error) {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, errors.Join(node.ErrInvalid, err))
	}
	return file{name: name, mime: mime, content: b}, nil
}
