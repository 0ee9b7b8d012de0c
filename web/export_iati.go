package web

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"slices"
	"strings"
	"time"

	"entente"
	"entente/node"
	"entente/progress"
	"entente/record"
)

// The elements of an IATI 2.03 activity that results need, in the order of its schema.
type (
	iatiActivities struct {
		XMLName    xml.Name       `xml:"iati-activities"`
		Version    string         `xml:"version,attr"`
		Generated  string         `xml:"generated-datetime,attr"`
		Comment    string         `xml:",comment"`
		Activities []iatiActivity `xml:"iati-activity"`
	}
	iatiActivity struct {
		Updated     string            `xml:"last-updated-datetime,attr"`
		Lang        string            `xml:"xml:lang,attr"`
		Identifier  string            `xml:"iati-identifier"`
		Reporting   iatiOrg           `xml:"reporting-org"`
		Title       iatiText          `xml:"title"`
		Description []iatiDescription `xml:"description"`
		Orgs        []iatiOrg         `xml:"participating-org"`
		Status      iatiCode          `xml:"activity-status"`
		Date        iatiDate          `xml:"activity-date"`
		Results     []iatiResult      `xml:"result"`
	}
	iatiText struct {
		Narrative []iatiNarrative `xml:"narrative"`
	}
	iatiDescription struct {
		Type string `xml:"type,attr"`
		iatiText
	}
	iatiNarrative struct {
		Lang string `xml:"xml:lang,attr"`
		Text string `xml:",chardata"`
	}
	iatiCode struct {
		Code string `xml:"code,attr"`
	}
	iatiDate struct {
		Date string `xml:"iso-date,attr"`
		Type string `xml:"type,attr"`
	}
	iatiOrg struct {
		Ref  string `xml:"ref,attr,omitempty"`
		Type string `xml:"type,attr"`
		Role string `xml:"role,attr,omitempty"`
		iatiText
	}
	iatiResult struct {
		Type        string          `xml:"type,attr"`
		Aggregation string          `xml:"aggregation-status,attr"`
		Title       iatiText        `xml:"title"`
		Indicators  []iatiIndicator `xml:"indicator"`
	}
	iatiIndicator struct {
		Measure     string          `xml:"measure,attr"`
		Ascending   string          `xml:"ascending,attr"`
		Aggregation string          `xml:"aggregation-status,attr"`
		Title       iatiText        `xml:"title"`
		References  []iatiReference `xml:"reference"`
		Baseline    *iatiBaseline   `xml:"baseline"`
		Periods     []iatiPeriod    `xml:"period"`
	}
	iatiReference struct {
		Vocabulary string `xml:"vocabulary,attr"`
		Code       string `xml:"code,attr"`
		URI        string `xml:"vocabulary-uri,attr,omitempty"`
	}
	iatiBaseline struct {
		Date  string `xml:"iso-date,attr"`
		Year  string `xml:"year,attr"`
		Value string `xml:"value,attr"`
	}
	iatiPeriod struct {
		Start  iatiDay     `xml:"period-start"`
		End    iatiDay     `xml:"period-end"`
		Target []iatiValue `xml:"target"`
		Actual []iatiValue `xml:"actual"`
		key    record.Period
	}
	iatiDay struct {
		Date string `xml:"iso-date,attr"`
	}
	iatiValue struct {
		Value      string          `xml:"value,attr"`
		Dimensions []iatiDimension `xml:"dimension"`
	}
	iatiDimension struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
)

// exportIATI gives objectives with their indicators as IATI 2.03 results, an activity per line of effort. Each side's figure is an
// actual of its own, with the side as a dimension: they are never summed, and aggregation-status says so. A publisher puts its own
// identifier, registered with IATI, in the place of the party's.
func (w *Web) exportIATI(r *request, line string) (answer, error) {
	aims, err := w.listed(r, node.Query{Kind: objectiveKind, Line: line, Phase: entente.PhaseInForce})
	if err != nil {
		return nil, err
	}
	all, err := w.listed(r, node.Query{Kind: indicatorKind, Line: line, Phase: entente.PhaseInForce})
	if err != nil {
		return nil, err
	}
	asked := *r
	asked.who = r.exported()
	figures := map[record.ID]*node.Figures{}
	for _, x := range all {
		_, read, err := w.node.TextsAndFigures(r.Context(), asked.who, r.Pattern, nil, r.group.ID, x.State)
		if err != nil {
			return nil, err
		}
		if f := read[x.State.Instrument]; f != nil { // of the figures what the file shows
			figures[x.State.Instrument] = &node.Figures{Results: f.Results}
		}
	}
	texts, err := w.read(&asked, append(titles(r.group, aims), titles(r.group, all)...))
	if err != nil {
		return nil, err
	}
	now := time.Unix(w.node.Now(), 0).UTC().Format(time.RFC3339)
	inAll := func(say func(lang string) string) (t iatiText) {
		for _, l := range r.group.Chart.Languages {
			if s := say(l); s != "" {
				t.Narrative = append(t.Narrative, iatiNarrative{l, s})
			}
		}
		return t
	}
	titled := func(s *entente.State) iatiText {
		t := inAll(func(l string) string { return texts.part(titled(s), "title."+l) })
		if len(t.Narrative) == 0 { // a result has a title
			t = inAll(func(string) string { return s.Instrument.Short() })
		}
		return t
	}
	doc := iatiActivities{Version: "2.03", Generated: now, Comment: " " + strings.ReplaceAll(w.copied(r), "--", "–") + " "}
	party := func(p record.Party, role string) iatiOrg {
		x, _ := r.group.Chart.Party(p)
		o := iatiOrg{Ref: string(p), Type: "10", Role: role}
		o.iatiText = inAll(func(l string) string { return x.Names[l] })
		return o
	}
	for _, l := range r.group.Chart.Lines {
		if line != "" && l.Code != line {
			continue
		}
		a := iatiActivity{Updated: now, Lang: r.group.Chart.Languages[0], Identifier: string(w.node.Party()) + "-" + r.group.ID.Short() + "-" + l.Code, Reporting: party(w.node.Party(), ""),
			Title: inAll(func(lang string) string { return l.Names[lang] }), Status: iatiCode{"2"}, Date: iatiDate{isoDate(r.group.Info.Founding.Founded), "2"}}
		a.Description = []iatiDescription{{"1", inAll(func(lang string) string { return r.group.Chart.Names[lang] + ": " + l.Names[lang] })}}
		for _, p := range r.group.Chart.IDs() {
			a.Orgs = append(a.Orgs, party(p, "4"))
		}
		for _, o := range aims {
			if o.State.Line != l.Code {
				continue
			}
			res := iatiResult{Type: map[string]string{"outcome": "2", "objective": "1"}[o.State.Fact("level")], Aggregation: "0", Title: titled(o.State)}
			for _, i := range all {
				if y := figures[i.State.Instrument]; y != nil && slices.ContainsFunc(i.State.Facts, func(f entente.Fact) bool { return f.Link && f.Value == o.State.Instrument.String() }) {
					res.Indicators = append(res.Indicators, iatiOf(i.State, titled(i.State), y.Results))
				}
			}
			if len(res.Indicators) > 0 { // a result without indicators is none
				a.Results = append(a.Results, res)
			}
		}
		doc.Activities = append(doc.Activities, a)
	}
	b := bytes.NewBufferString(xml.Header)
	e := xml.NewEncoder(b)
	e.Indent("", " ")
	if err := e.Encode(doc); err != nil {
		return nil, fmt.Errorf("iati: %w", err)
	}
	return file{name: "results.xml", mime: "application/xml", content: b.Bytes()}, nil
}

// iatiOf is one indicator: its baseline, and a period for each that a side reports on, with the target's.
func iatiOf(s *entente.State, title iatiText, results []progress.Result) iatiIndicator {
	i := iatiIndicator{Measure: "1", Ascending: map[bool]string{true: "0", false: "1"}[s.Fact("direction") == "down"], Aggregation: "0", Title: title}
	for _, f := range s.Facts {
		if scheme, code, _ := strings.Cut(f.Value, ":"); f.Name == "classified" && scheme == "SDG" {
			i.References = append(i.References, iatiReference{Vocabulary: "9", Code: code})
		} else if f.Name == "classified" {
			i.References = append(i.References, iatiReference{Vocabulary: "99", Code: f.Value, URI: "https://unstats.un.org/unsd/classifications/"})
		}
	}
	d := s.Definition()
	if b := d.Baseline; b != nil {
		day := isoDate(lastDay(b))
		i.Baseline = &iatiBaseline{day, day[:4], string(b.Value)}
	}
	at := func(p record.Period) *iatiPeriod {
		for k := range i.Periods {
			if i.Periods[k].key == p {
				return &i.Periods[k]
			}
		}
		i.Periods = append(i.Periods, iatiPeriod{Start: iatiDay{isoDate(p.Start)}, End: iatiDay{isoDate(p.End - 1)}, key: p})
		return &i.Periods[len(i.Periods)-1]
	}
	for _, y := range results {
		if y.Series == nil {
			continue
		}
		for _, p := range y.Series.Points {
			if !p.Missing() {
				x := at(p.Period)
				dimensions := []iatiDimension{{"reporting party", string(y.Party)}, {"unit", y.Unit}, {"status", string(p.Status)}}
				if y.Converted != nil {
					dimensions = append(dimensions, iatiDimension{"factor to " + y.Converted.To, y.Converted.Factor})
				}
				x.Actual = append(x.Actual, iatiValue{string(p.Value), dimensions})
			}
		}
	}
	if t := d.Target; t != nil {
		p := record.Period{Start: t.Start, End: t.Date}
		if t.Start == 0 {
			p = record.Period{Start: t.Date, End: t.Date + 86400}
		}
		x := at(p)
		x.Target = []iatiValue{{string(t.Value), []iatiDimension{{"unit", d.Unit}}}}
	}
	slices.SortFunc(i.Periods, func(a, b iatiPeriod) int {
		return strings.Compare(a.End.Date+a.Start.Date, b.End.Date+b.Start.Date)
	})
	return i
}

// lastDay is a second of the last day of a level.
func lastDay(l *progress.Level) int64 {
	if l.Start == 0 {
		return l.Date
	}
	return l.Date - 1
}
