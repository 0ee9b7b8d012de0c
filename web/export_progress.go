package web

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"entente"
	"entente/node"
	"entente/progress"
	"entente/record"
	tables "entente/sheet"
)

// reportedFigure is one figure of a party as an export has it: the latest that was reported for its period.
type reportedFigure struct {
	indicator *entente.State
	title     string
	series    *progress.Series
	point     *progress.Point
	source    string
	vintage   string
	older     bool // the party reported more than is read
}

// exportedSignal is what a party's figures on an indicator say.
type exportedSignal struct {
	indicator *entente.State
	title     string
	reports   int
	progress.Result
}

// progressFiles are the files that have rows; results.xml is a file of another sort.
var progressFiles = []string{"figures.csv", "figures.xlsx", "figures-sdmx.csv", "figures-sdmx.json", "signals.csv", "signals.xlsx"}

// exportProgress gives what the reader may see of the figures on a line of effort, on one indicator, or on all, as a file:
// figures.csv, figures.xlsx, figures-sdmx.csv (SDMX-CSV 2.0), its structure figures-sdmx.json (SDMX-JSON 2.0) or results.xml (IATI
// 2.03); what the figures say is in signals.csv and signals.xlsx.
func (w *Web) exportProgress(r *request) (answer, error) {
	line := r.FormValue("line")
	if line != "" && !r.group.Chart.HasLine(line) {
		return nil, fmt.Errorf("line: %w", node.ErrNotFound)
	}
	name := r.PathValue("file")
	if name == "results.xml" {
		return w.exportIATI(r, line)
	}
	if !slices.Contains(progressFiles, name) {
		return nil, fmt.Errorf("file: %w", node.ErrNotFound)
	}
	figures, signals, mark, err := w.figuresOf(r, line, r.FormValue("indicator"), !strings.HasPrefix(name, "signals"))
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if name == "figures-sdmx.csv" {
		err = sdmx(&b, figures, mark.String()+" · "+w.copied(r))
		return file{name: name, mime: "application/vnd.sdmx.data+csv; version=2.0.0", content: b.Bytes()}, err
	}
	if name == "figures-sdmx.json" {
		out, err := w.sdmxStructureOf(r, figures)
		return file{name: name, mime: "application/vnd.sdmx.structure+json; version=2.0.0", content: out}, err
	}
	what, table := "indicator.figures", w.figuresTable(r, figures)
	if strings.HasPrefix(name, "signals") {
		what, table = "export.signal", signalsTable(r, signals)
	}
	if strings.HasSuffix(name, ".csv") {
		_, err = tables.WriteCSV(&b, w.marked(r, table, mark))
		return file{name: name, mime: "text/csv; charset=utf-8", content: b.Bytes()}, err
	}
	about, say := r.aboutFile(mark, func(r *request) string { return r.t(what) })
	say("marking", mark.String())
	say("export.by", w.copied(r))
	slices.SortFunc(about.Lines, func(a, b tables.AboutLine) int { return strings.Compare(a.Label, b.Label) })
	_, err = tables.WriteXLSX(&b, table, *about)
	return file{name: name, mime: mimeXLSX, content: b.Bytes()}, err
}

// figuresOf reads the figures on indicators in force, an indicator at a time. each: every figure, not only what they say.
func (w *Web) figuresOf(r *request, line, code string, each bool) (out []reportedFigure, signals []exportedSignal, mark *strictest, err error) {
	all, err := w.listed(r, node.Query{Kind: indicatorKind, Line: line, Phase: entente.PhaseInForce})
	if err != nil {
		return nil, nil, nil, err
	}
	mark = &strictest{}
	for _, x := range all {
		s := x.State
		if code != "" && s.Fact("code") != code {
			continue
		}
		texts, read, err := w.node.TextsAndFigures(r.Context(), r.exported(), r.Pattern, titles(r.group, []node.Listed{x}), r.group.ID, s)
		if err != nil {
			return nil, nil, nil, err
		}
		c := read[s.Instrument]
		by, count := map[record.ID]*node.FigureReport{}, map[record.Party]int{}
		for i := range c.Reports {
			x := &c.Reports[i]
			if by[x.ID], count[x.Party] = x, count[x.Party]+1; x.Figures > 0 {
				mark.add(r.group, &record.Header{Party: x.Party}, record.PartRef{Name: record.RowsPart, Marking: x.Marking})
			}
		}
		title := reading{lang: r.lang, web: w, texts: texts}.name(r, r.group, s).Text
		for _, y := range c.Results {
			signals = append(signals, exportedSignal{s, title, count[y.Party], y})
		}
		for i := range c.Series {
			for k := range c.Series[i].Points {
				if !each {
					break
				}
				f := reportedFigure{indicator: s, title: title, series: &c.Series[i], point: &c.Series[i].Points[k], older: slices.Contains(c.Older, c.Series[i].Party)}
				if rep := by[f.point.Report]; rep != nil {
					f.source, f.vintage = rep.Source, rep.Vintage
				}
				if out = append(out, f); len(out) > maxExportedFigures {
					return nil, nil, nil, fmt.Errorf("%w: %w", node.ErrInvalid, record.Because("export.too-many", "more than %d figures: take one line of effort, or one indicator", maxExportedFigures))
				}
			}
		}
	}
	return out, signals, mark, nil
}

func isoDate(sec int64) string { return time.Unix(sec, 0).UTC().Format(time.DateOnly) }

// tableColumn is a column of a file: its heading by the key of a message.
type tableColumn struct {
	key   string
	kind  tables.Kind
	width int
}

// tableOf has the columns' headings in every language of the charter.
func tableOf(r *request, columns []tableColumn) (t tables.Table) {
	for _, c := range columns {
		h := tables.Heading{Kind: c.kind, Width: c.width}
		for _, l := range readerFirst(r.lang, r.group.Chart.Languages) {
			h.Titles = append(h.Titles, r.speaking(l).t(c.key))
		}
		t.Headings = append(t.Headings, h)
	}
	return t
}

// truth is a cell that says yes, or nothing.
func truth(is bool) string {
	if is {
		return "true"
	}
	return ""
}

// signalsTable has what each party's figures say: in the words and exact decimals of entente progress explain --json.
func signalsTable(r *request, signals []exportedSignal) tables.Table {
	t := tableOf(r, []tableColumn{{"indicator.code", tables.KindText, 24}, {"indicators.one", tables.KindText, 40}, {"commitment.line", tables.KindText, 12}, {"party", tables.KindText, 8},
		{"export.signal", tables.KindText, 14}, {"export.why", tables.KindText, 14}, {"signal.would", tables.KindText, 14}, {"export.latest", tables.KindText, 12}, {"signal.level", tables.KindNumber, 14},
		{"indicator.target", tables.KindNumber, 14}, {"signal.trend", tables.KindNumber, 14}, {"indicator.unit", tables.KindText, 12}, {"indicator.reports", tables.KindNumber, 12}, {"export.older", tables.KindText, 16}})
	number := func(n *progress.Number) string {
		if n == nil {
			return ""
		}
		return string(n.Decimal())
	}
	t.Rows = func(yield func([]string, error) bool) {
		for _, y := range signals {
			latest, slope := "", ""
			if y.Latest != 0 {
				latest = isoDate(y.Latest - 1)
			}
			if y.Trend != nil {
				slope = number(&y.Trend.Slope)
			}
			if !yield([]string{y.indicator.Fact("code"), y.title, y.indicator.Line, string(y.Party), string(y.Word), y.Why, string(y.Would), latest, number(y.Level), number(y.Target), slope, y.Unit, strconv.Itoa(y.reports), truth(y.Older)}, nil) {
				return
			}
		}
	}
	return t
}

func (w *Web) figuresTable(r *request, figures []reportedFigure) tables.Table {
	t := tableOf(r, []tableColumn{{"indicator.code", tables.KindText, 24}, {"indicators.one", tables.KindText, 40}, {"commitment.line", tables.KindText, 12}, {"party", tables.KindText, 8}, {"figures.area", tables.KindText, 12},
		{"figures.part", tables.KindText, 30}, {"export.start", tables.KindText, 12}, {"export.end", tables.KindText, 12}, {"signal.value", tables.KindNumber, 14}, {"indicator.unit", tables.KindText, 12},
		{"differs.status", tables.KindText, 14}, {"figures.source", tables.KindText, 30}, {"figures.vintage", tables.KindText, 16}, {"signal.contested", tables.KindText, 16},
		{"export.factor", tables.KindText, 24}, {"export.factor-unit", tables.KindText, 12}, {"export.older", tables.KindText, 16}})
	t.Rows = func(yield func([]string, error) bool) {
		for _, f := range figures {
			p := f.point
			var by []string
			for _, x := range p.Contested {
				if !slices.Contains(by, string(x.By)) {
					by = append(by, string(x.By))
				}
			}
			row := []string{f.indicator.Fact("code"), f.title, f.indicator.Line, string(f.series.Party), f.series.Area, f.series.Disaggregation, isoDate(p.Start), isoDate(p.End), string(p.Value),
				f.series.Unit, string(p.Status), f.source, f.vintage, strings.Join(by, " "), "", "", truth(f.older)}
			if x := f.conversion(); x != nil {
				row[len(row)-3], row[len(row)-2] = x.Factor, x.To
			}
			if !yield(row, nil) {
				return
			}
		}
	}
	return t
}

// sdmxColumns follow SDMX-CSV 2.0: what the row is of, what is done with it, dimensions, value, attributes.
var sdmxColumns = []string{"STRUCTURE", "STRUCTURE_ID", "ACTION", "INDICATOR", "REPORTING_PARTY", "AREA", "BREAKDOWN", "UNIT_MEASURE", "FREQ", "TIME_PERIOD", "OBS_VALUE", "OBS_STATUS", "REPORTED_STATUS", "SOURCE", "VINTAGE", "CONVERSION_FACTOR", "CONVERSION_UNIT", "COPY"}

// sdmxStructure names the dataflow of these columns.
const sdmxStructure = sdmxAgency + ":FIGURES(1.0)"

func sdmx(b *bytes.Buffer, figures []reportedFigure, mark string) error {
	c := csv.NewWriter(b)
	c.UseCRLF = true // RFC 4180, which the format names
	rows := [][]string{sdmxColumns}
	for _, f := range figures {
		p := f.point
		factor, unit := "", ""
		if x := f.conversion(); x != nil {
			factor, unit = x.Factor, sdmxCode(x.To)
		}
		rows = append(rows, []string{"dataflow", sdmxStructure, "I", sdmxCode(f.indicator.Fact("code")), string(f.series.Party), sdmxCode(f.series.Area), sdmxCode(f.series.Disaggregation), sdmxCode(f.series.Unit), sdmxFrequencies[f.series.Span],
			sdmxPeriod(p.Period, f.series.Span), string(p.Value), sdmxStatuses[p.Status], sdmxCode(string(p.Status)), f.source, f.vintage, factor, unit, mark})
	}
	return c.WriteAll(rows)
}

// conversion is what leads from the figure into the unit of its indicator; nil: it is in it, or nothing does.
func (f *reportedFigure) conversion() *progress.Converted {
	d := f.indicator.Definition()
	return d.Convert(f.series.Party, f.series.Unit)
}

// sdmxPeriod writes calendar periods in the short form, any other as a time range: start and duration.
func sdmxPeriod(p record.Period, span progress.Span) string {
	t := time.Unix(p.Start, 0).UTC()
	switch m := int(t.Month()); {
	case span == progress.Month:
		return t.Format("2006-01")
	case span == progress.Quarter && m%3 == 1:
		return fmt.Sprintf("%d-Q%d", t.Year(), (m+2)/3)
	case span == progress.Quarter:
		return isoDate(p.Start) + "/P3M"
	case span == progress.Year && m == 1:
		return t.Format("2006")
	case span == progress.Year:
		return isoDate(p.Start) + "/P1Y"
	}
	return fmt.Sprintf("%s/P%dD", isoDate(p.Start), (p.End-p.Start)/86400)
}
