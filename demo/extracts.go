package demo

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

//go:embed extracts/*.csv extracts/SOURCES.json
var extractFiles embed.FS

// ErrExtract says that an embedded extract is not in the form its agency publishes.
var ErrExtract = errors.New("extract is not in its agency's format")

// Statuses of a figure. Missing means the source gives no value; it is never zero.
const (
	StatusFinal       = "final"
	StatusProvisional = "provisional"
	StatusRevised     = "revised"
	StatusMissing     = "missing"
)

// A Source is one publication: who published it, where it was found, in which vintage.
type Source struct {
	ID          string `json:"id"`
	Agency      string `json:"agency"`
	Publication string `json:"publication"`
	Locator     string `json:"locator"` // where the file or the quotation was read
	Vintage     string `json:"vintage"` // which edition of the figures this is, in the publisher's own label
	Supersedes  string `json:"supersedes,omitempty"`
	Licence     string `json:"licence"`
	Note        string `json:"note"`
	SecondHand  bool   `json:"second_hand,omitempty"` // official figures as somebody else quoted or aggregated them
}

// An Extract is one embedded file: which rows of which published file it holds.
type Extract struct {
	File       string `json:"file"`
	Original   string `json:"original"`
	Format     string `json:"format"` // cbp, sesnsp or tidy
	Source     string `json:"source,omitempty"`
	Encoding   string `json:"encoding"`
	Selection  string `json:"selection"`
	SecondHand bool   `json:"second_hand,omitempty"`
}

// A Figure is one published value. Start and End are ISO dates, half-open [Start, End). Value is the
// decimal as published, digit for digit ("" when missing): it never passes through a float.
type Figure struct {
	Indicator      string
	Area           string // ISO 3166 (MX, US, MX-SON) or a named area of the source (US-CBP-LAREDO-FIELD-OFFICE)
	Disaggregation string // what the source counts here, pieces joined by ";" as published
	Start, End     string
	Value          string
	Unit           string // lb, kg, events, files, victims, firearms, persons, taps, labs, tunnels
	Status         string
	Source         string // id of a Source
	Vintage        string
}

// Key cites the row: "2025-01-01/2025-02-01|MX-SON|con-arma-de-fuego". It is the same in every vintage
// and unique within one report, so a reply or a revision can name it.
func (f Figure) Key() string {
	return f.Start + "/" + f.End + "|" + f.Area + "|" + slug(f.Disaggregation)
}

// SeriesID names what one party reports on one indicator.
type SeriesID struct{ Indicator, Party string }

// A Series is what one party reports at once: one indicator, one source and vintage, one span of the
// agency's own year (fiscal for CBP, calendar for SESNSP, the whole publication for quoted figures).
type Series struct {
	SeriesID
	Source, Vintage string
	SecondHand      bool
	Start, End      string // smallest half-open span that holds every figure
	Figures         []Figure
}

// Sources gives every source in the order of SOURCES.json: an older vintage before the one that supersedes it.
func Sources() ([]Source, error) {
	_, s, err := readSources()
	return s, err
}

// Extracts gives every embedded file with its selection from the published one.
func Extracts() ([]Extract, error) {
	e, _, err := readSources()
	return e, err
}

// Figures reads every embedded extract and groups it by indicator and party. Within a group the series stand
// in the order of Sources, then of Start; figures keep the order of their file. A figure that a later vintage
// changes, or adds to a month the earlier one covered, has StatusRevised there; the earlier one keeps its value.
func Figures() (map[SeriesID][]Series, error) {
	extracts, sources, err := readSources()
	if err != nil {
		return nil, err
	}
	var all []reported
	for _, e := range extracts {
		rows, err := readExtract(e, sources)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", e.File, err)
		}
		all = append(all, rows...)
	}
	markRevised(all, sources)
	return group(all, sources)
}

// reported is a figure with the party that reports it and the span of the report it belongs to.
type reported struct {
	Figure
	party string
	span  string // agency year, "" = whole publication
}

func readSources() ([]Extract, []Source, error) {
	b, err := extractFiles.ReadFile("extracts/SOURCES.json")
	if err != nil {
		return nil, nil, err
	}
	var doc struct {
		Extracts []Extract `json:"extracts"`
		Sources  []Source  `json:"sources"`
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&doc); err != nil {
		return nil, nil, fmt.Errorf("reading SOURCES.json: %w", err)
	}
	return doc.Extracts, doc.Sources, nil
}

func readExtract(e Extract, sources []Source) ([]reported, error) {
	b, err := extractFiles.ReadFile("extracts/" + e.File)
	if err != nil {
		return nil, err
	}
	if e.Format == "tidy" {
		return parseTidy(b, sources)
	}
	src, ok := sourceByID(sources, e.Source)
	if !ok {
		return nil, fmt.Errorf("%w: source %q is not in SOURCES.json", ErrExtract, e.Source)
	}
	switch e.Format {
	case "cbp":
		return parseCBP(b, src)
	case "sesnsp":
		return parseSESNSP(b, src)
	}
	return nil, fmt.Errorf("%w: unknown format %q", ErrExtract, e.Format)
}

// markRevised compares each vintage with the one it supersedes.
func markRevised(all []reported, sources []Source) {
	type cell struct{ source, indicator, key string }
	type month struct{ source, indicator, start string }
	values, covered := make(map[cell]string), make(map[month]bool)
	for _, r := range all {
		values[cell{r.Source, r.Indicator, r.Key()}] = r.Value
		covered[month{r.Source, r.Indicator, r.Start}] = true
	}
	for i, r := range all {
		src, _ := sourceByID(sources, r.Source)
		if src.Supersedes == "" || !covered[month{src.Supersedes, r.Indicator, r.Start}] || r.Status == StatusMissing {
			continue
		}
		if before, ok := values[cell{src.Supersedes, r.Indicator, r.Key()}]; !ok || before != r.Value {
			all[i].Status = StatusRevised
		}
	}
}

func group(all []reported, sources []Source) (map[SeriesID][]Series, error) {
	type report struct {
		id           SeriesID
		source, span string
	}
	at := make(map[report]int)
	out := make(map[SeriesID][]Series)
	keys := make(map[report]map[string]bool)
	for _, r := range all {
		id := SeriesID{r.Indicator, r.party}
		rep := report{id, r.Source, r.span}
		n, ok := at[rep]
		if !ok {
			src, _ := sourceByID(sources, r.Source)
			n = len(out[id])
			at[rep], keys[rep] = n, make(map[string]bool)
			out[id] = append(out[id], Series{SeriesID: id, Source: r.Source, Vintage: r.Vintage, SecondHand: src.SecondHand, Start: r.Start, End: r.End})
		}
		if keys[rep][r.Key()] {
			return nil, fmt.Errorf("%w: two rows %q in %s of %s", ErrExtract, r.Key(), id.Indicator, r.Source)
		}
		keys[rep][r.Key()] = true
		s := &out[id][n]
		s.Start, s.End = min(s.Start, r.Start), max(s.End, r.End)
		s.Figures = append(s.Figures, r.Figure)
	}
	order := func(id string) int { return slices.IndexFunc(sources, func(s Source) bool { return s.ID == id }) }
	for _, list := range out {
		slices.SortStableFunc(list, func(a, b Series) int {
			if d := order(a.Source) - order(b.Source); d != 0 {
				return d
			}
			return strings.Compare(a.Start, b.Start)
		})
	}
	return out, nil
}

func sourceByID(sources []Source, id string) (Source, bool) {
	i := slices.IndexFunc(sources, func(s Source) bool { return s.ID == id })
	if i < 0 {
		return Source{}, false
	}
	return sources[i], true
}

// slug writes s for a key: lower case, spaces as hyphens.
func slug(s string) string {
	return strings.ReplaceAll(strings.ToLower(s), " ", "-")
}
