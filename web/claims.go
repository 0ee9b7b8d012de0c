package web

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"entente"
	"entente/node"
	"entente/progress"
	"entente/record"
)

// claimsBody lists claims with what the series say of each.
type claimsBody struct {
	Rows      []claimRow
	Indicator *link // they are those of one indicator
	New       string
	Reads     bool
	Older     bool // a history was longer than is read
	Left      int  // indicators whose figures were more than a page computes with
}

// claimRow is one claim in a list.
type claimRow struct {
	Href    string
	Quote   string
	Tag     string // language of the quote
	Speaker string
	Finding findingTag
	Home    bool // seen by the reader's own party alone
}

// findingTag is a finding's word as pages show it.
type findingTag struct{ Text, Colour string }

var findingColours = map[progress.FindingWord]string{progress.FindingAgreed: "green", progress.FindingSide: "turquoise", progress.FindingBase: "yellow", progress.FindingDefinition: "yellow",
	progress.FindingDiffers: "orange", progress.FindingNotCheckable: "grey"}

func (r *request) finding(f *progress.Finding) findingTag {
	text := entente.FindingName(f.Word, r.lang)
	if f.Word == progress.FindingSide && len(f.Sides) == 1 {
		text = r.t("claim.matches-side", "Party", r.group.PartyName(f.Sides[0]))
	}
	return findingTag{text, findingColours[f.Word]}
}

func (w *Web) claims(r *request) (answer, error) {
	b := claimsBody{New: r.group.Href("claims", "new")}
	indicator := record.ID{}
	if v := r.FormValue("indicator"); v != "" {
		var err error
		if indicator, err = record.ParseID(v); err != nil {
			return nil, fmt.Errorf("indicator: %w", node.ErrNotFound)
		}
		b.New += "?indicator=" + v
	}
	infos, err := w.node.Claims(r.Context(), r.who, r.group.ID, indicator)
	if err != nil {
		return nil, err
	}
	infos = infos[:min(len(infos), claimsListed)]
	terms := make([]entente.Claim, len(infos))
	var wants []node.Want
	for i := range infos {
		terms[i] = infos[i].Claim
		wants = append(wants, w.node.ClaimTexts(r.group.ID, &infos[i])...)
	}
	m, err := w.node.Measures(r.Context(), r.who, r.group.ID, terms...)
	if err != nil {
		return nil, err
	}
	var tied *node.Detail
	if !indicator.IsZero() {
		if tied, err = w.node.Instrument(r.Context(), r.who, r.group.ID, indicator); err != nil {
			return nil, err
		}
		wants = append([]node.Want{{Group: r.group.ID, Record: titled(tied.State), Names: []string{"title.*"}}}, wants...)
	}
	texts, figures, err := w.readFigures(r, wants, m.States()...)
	if err != nil {
		return nil, err
	}
	m.Fill(figures)
	if tied != nil {
		b.Indicator = &link{Text: texts.name(r, r.group, tied.State).Text, Href: r.group.Href("indicators", indicator.String())}
	}
	for i := range infos {
		c := &infos[i]
		held := m.Hold(c.Claim)
		f := held.Finding
		b.Older, b.Left = b.Older || held.Older, held.Left
		b.Rows = append(b.Rows, claimRow{Href: r.group.Href("claims", c.ID.String()), Quote: texts.texts.Quote(c), Tag: c.Claim.Language, Speaker: w.spoke(r, &c.Claim), Finding: r.finding(&f), Home: c.Joint == nil})
	}
	_, b.Reads = w.mayPrepare(r, &entente.State{Kind: entente.ClaimKind})
	return page{name: "claims", title: r.t("claims.title"), nav: entente.ClaimKind, body: b}, nil
}

// spoke says whose words a claim are, and when.
func (w *Web) spoke(r *request, c *entente.Claim) string {
	out := c.Office
	if c.Outlet != "" && c.Outlet != c.Office {
		out = r.t("claim.in-outlet", "Office", c.Office, "Outlet", c.Outlet)
	}
	if c.Said != 0 {
		out += " · " + w.languages[r.lang].dayUTC(c.Said)
	}
	return out
}

// claimForm is the form of a new claim, or of one that is changed.
type claimForm struct{ Form *form }

// newClaim keeps a claim at home.
func (w *Web) newClaim(r *request) (answer, error) {
	f, err := w.claimForm(r, r.group.Href("claims", "new"), nil)
	if err != nil {
		return nil, err
	}
	f.Back = r.group.Href("claims")
	p := page{name: "claim-form", title: r.t("claim.new"), nav: entente.ClaimKind, body: claimForm{Form: f}}
	if r.Method != http.MethodPost {
		return p, nil
	}
	x := w.claimOf(f, true)
	if !f.ok() {
		return f.again(p), nil
	}
	return w.kept(r, f, p, record.ID{}, x)
}

// changeClaim changes what is kept of one at home.
func (w *Web) changeClaim(r *request) (answer, error) {
	c, err := w.claimAt(r)
	if err != nil {
		return nil, err
	}
	if c.Home == nil {
		return nil, changed()
	}
	c = c.AtHome()
	f, err := w.claimForm(r, r.group.Href("claims", c.ID.String(), "edit"), &c.Claim)
	if err != nil {
		return nil, err
	}
	f.Back = r.group.Href("claims", c.ID.String())
	p := page{name: "claim-form", title: r.t("claim.edit"), nav: entente.ClaimKind, body: claimForm{Form: f}}
	if r.Method != http.MethodPost {
		texts, err := w.read(r, w.node.ClaimTexts(r.group.ID, c))
		if err != nil {
			return nil, err
		}
		f.set("quote", texts.texts.Quote(c))
		return p, nil
	}
	x := w.claimOf(f, false)
	if !f.ok() {
		return f.again(p), nil
	}
	return w.kept(r, f, p, c.ID, x)
}

// kept notes it, and shows the form again where the node finds it wrong.
func (w *Web) kept(r *request, f *form, p page, id record.ID, x node.NewClaim) (answer, error) {
	s, err := w.node.NoteClaim(r.Context(), r.who, r.group.ID, id, x)
	var refused *node.Refusal
	switch {
	case err == nil:
		return redirect{to: r.group.Href("claims", s.Instrument.String()), done: "claim-kept"}, nil
	case errors.As(err, &refused):
		var why []string
		for _, x := range refused.Reasons {
			why = append(why, w.languages[r.lang].why(x.Why, x.Values))
		}
		f.wrong("quote", "claim.refused", "Why", strings.Join(why, " "))
	case errors.Is(err, node.ErrInvalid):
		f.wrong("quote", "claim.refused", "Why", r.whyNot(err))
	default:
		return nil, err
	}
	return f.again(p), nil
}

// claimAt finds the claim of a path.
func (w *Web) claimAt(r *request) (*node.ClaimInfo, error) {
	id, err := record.ParseID(r.PathValue("id"))
	if err != nil {
		return nil, fmt.Errorf("claim: %w", node.ErrNotFound)
	}
	return w.node.Claim(r.Context(), r.who, r.group.ID, id)
}

func (w *Web) claimForm(r *request, action string, c *entente.Claim) (*form, error) {
	sides := []option{{"", r.t("claim.side-none"), ""}}
	for _, p := range r.group.Chart.IDs() {
		sides = append(sides, option{Value: string(p), Text: r.group.PartyName(p)})
	}
	indicators, err := w.indicatorOptions(r)
	if err != nil {
		return nil, err
	}
	forms := []option{{"", r.t("claim.form-none"), r.t("claim.form-none-hint")}}
	for _, x := range progress.ClaimForms {
		forms = append(forms, option{string(x), r.t("claim.form." + string(x)), r.t("claim.form." + string(x) + "-hint")})
	}
	bounds := []option{{"", r.t("claim.bound-none"), ""}}
	for _, x := range progress.ClaimBounds {
		bounds = append(bounds, option{Value: x, Text: r.t("claim.bound." + x)})
	}
	input := func(name string) field {
		return field{Name: name, Control: controlInput, Label: r.t("claim." + name), Optional: true}
	}
	date := func(name string) field {
		return field{Name: name, Control: controlDate, Label: r.t("claim." + name), Optional: true}
	}
	hint := func(x field) field {
		x.Hint = r.t("claim." + x.Name + "-hint")
		return x
	}
	office := hint(input("office"))
	office.Optional = false
	value, unit, language := hint(input("value")), hint(input("unit")), hint(input("language"))
	value.Width, unit.Width, language.Width = 10, 10, 5
	said := hint(date("said"))
	fields := []field{{Name: "quote", Control: controlText, Label: r.t("claim.quote"), Hint: r.t("claim.quote-hint"), Rows: 3}, language, office,
		{Name: "side", Control: controlSelect, Label: r.t("claim.side"), Options: sides, Optional: true, Unmarked: true}, said, input("outlet"), hint(input("agency")), input("link"),
		{Name: "indicator", Control: controlSelect, Label: r.t("claim.indicator"), Hint: r.t("claim.indicator-hint"), Options: indicators, Optional: true, Unmarked: true, Values: []string{r.URL.Query().Get("indicator")}},
		hint(input("area")), hint(input("breakdown")), input("measure"),
		{Name: "form", Control: controlRadios, Label: r.t("claim.form"), Options: forms, Optional: true, Unmarked: true, Values: []string{""}}, value, unit,
		{Name: "bound", Control: controlSelect, Label: r.t("claim.bound"), Options: bounds, Optional: true, Unmarked: true},
		hint(date("from")), hint(date("to")), hint(date("base-from")), date("base-to"), hint(input("note"))}
	if c == nil {
		fields = append(fields, r.bodies("claim.position-in", 4)...)
	}
	f, err := r.form(action, r.t("claim.keep"), fields...)
	if err != nil || c == nil {
		return f, err
	}
	day := func(t int64, back int64) string {
		if t == 0 {
			return ""
		}
		return time.Unix(t-back, 0).UTC().Format(time.DateOnly)
	}
	for name, v := range map[string]string{"language": c.Language, "office": c.Office, "side": string(c.Side), "said": day(c.Said, 0), "outlet": c.Outlet, "agency": c.Agency, "link": c.Link,
		"area": c.Area, "breakdown": c.Disaggregation, "measure": c.Measure, "form": string(c.Form), "value": string(c.Value), "unit": c.Unit, "bound": c.Bound,
		"from": day(c.Start, 0), "to": day(c.End, 1), "base-from": day(c.BaseStart, 0), "base-to": day(c.BaseEnd, 1), "note": c.Note} {
		f.set(name, v)
	}
	if !c.Indicator.IsZero() {
		f.set("indicator", c.Indicator.String())
	}
	return f, nil
}

// claimOf reads the form.
func (w *Web) claimOf(f *form, position bool) node.NewClaim {
	day := func(name string, on int) int64 {
		t, ok := f.date(name, time.UTC)
		if !ok {
			return 0
		}
		return t.AddDate(0, 0, on).Unix()
	}
	c := &entente.Claim{Language: f.text("language"), Office: f.text("office"), Side: record.Party(f.choice("side")), Said: day("said", 0), Outlet: f.text("outlet"), Agency: f.text("agency"), Link: f.text("link"),
		Indicator: f.id("indicator"), Area: f.text("area"), Disaggregation: f.text("breakdown"), Measure: f.text("measure"), Form: progress.ClaimForm(f.choice("form")), Value: f.decimal("value"), Unit: f.text("unit"),
		Bound: f.choice("bound"), Start: day("from", 0), End: day("to", 1), BaseStart: day("base-from", 0), BaseEnd: day("base-to", 1), Note: f.text("note")}
	x := node.NewClaim{Claim: c, Quote: strings.Join(strings.Fields(f.text("quote")), " ")}
	if words := len(strings.Fields(x.Quote)); words > entente.MaxQuoteWords {
		f.wrong("quote", "claim.quote-long", "Count", words)
	} else if x.Quote != "" && entente.ValidQuote(x.Quote) != nil {
		f.wrong("quote", "claim.quote-plain")
	}
	counts := slices.Contains([]progress.ClaimForm{progress.ClaimValue, progress.ClaimPercent, progress.ClaimChange}, c.Form)
	if counts && c.Value == "" {
		f.wrong("value", "claim.value-missing")
	}
	if c.Form == progress.ClaimPercent && c.Unit == "" {
		c.Unit = "percent"
	}
	if c.Link != "" && !strings.HasPrefix(c.Link, "https://") && !strings.HasPrefix(c.Link, "http://") {
		f.wrong("link", "claim.link-wrong")
	}
	for name, p := range map[string][2]int64{"to": {c.Start, c.End}, "base-to": {c.BaseStart, c.BaseEnd}} {
		if p[0] != 0 && p[1] != 0 && p[0] >= p[1] {
			f.wrong(name, "claim.period-wrong")
		}
	}
	if position {
		x.Position = f.bodyTexts(false)
	}
	return x
}

// indicatorOptions are the indicators of the group by name and code.
func (w *Web) indicatorOptions(r *request) ([]option, error) {
	list, err := w.node.Instruments(r.Context(), r.who, r.group.ID, node.Query{Kind: indicatorKind, Limit: indicatorsOffered})
	if err != nil {
		return nil, err
	}
	texts, err := w.read(r, titles(r.group, list.Items))
	if err != nil {
		return nil, err
	}
	out := []option{{"", r.t("claim.indicator-none"), ""}}
	for _, x := range list.Items {
		out = append(out, option{Value: x.State.Instrument.String(), Text: texts.name(r, r.group, x.State).Text + " (" + x.State.Fact("code") + ")"})
	}
	return out, nil
}
