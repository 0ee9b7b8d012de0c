package demo

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"entente/figures"
	"entente/progress"
	"entente/sheet"
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

// A Series is what one file holds for one party and indicator: one source and vintage.
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

// An Import is one embedded file as an office of a party imports it for one indicator: the same way that an official does.
type Import struct {
	SeriesID
	File       string
	Mapping    figures.Mapping
	Source     string // id of a Source
	Named      string // who published it, and what
	Vintage    string
	SecondHand bool
}

// Content is the file.
func (i Import) Content() ([]byte, error) { return extractFiles.ReadFile("extracts/" + i.File) }

// Imports gives what the parties import, an older vintage before the one that supersedes it.
func Imports() ([]Import, error) {
	extracts, sources, err := readSources()
	if err != nil {
		return nil, err
	}
	var out []Import
	for _, e := range extracts {
		more, err := e.imports(sources)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", e.File, err)
		}
		out = append(out, more...)
	}
	order := func(id string) int { return slices.IndexFunc(sources, func(s Source) bool { return s.ID == id }) }
	slices.SortStableFunc(out, func(a, b Import) int { return order(a.Source) - order(b.Source) })
	return out, nil
}

// Figures reads every embedded extract by its imports and groups it by indicator and party, in the order of Imports. Figures keep
// the order of their file and the standing that it gives them: what a later vintage revises is found when it is reported.
func Figures() (map[SeriesID][]Series, error) {
	imports, err := Imports()
	if err != nil {
		return nil, err
	}
	out := make(map[SeriesID][]Series)
	for _, i := range imports {
		r, err := i.read()
		if err != nil {
			return nil, err
		}
		s := Series{SeriesID: i.SeriesID, Source: i.Source, Vintage: i.Vintage, SecondHand: i.SecondHand}
		for _, f := range r.Figures {
			x := Figure{Indicator: i.Indicator, Area: f.Area, Disaggregation: f.Part, Start: progress.Date(f.Start), End: progress.Date(f.End), Value: string(f.Value), Unit: f.Unit,
				Status: string(f.Status), Source: i.Source, Vintage: i.Vintage}
			if s.Start == "" {
				s.Start = x.Start
			}
			s.Start, s.End = min(s.Start, x.Start), max(s.End, x.End)
			s.Figures = append(s.Figures, x)
		}
		out[i.SeriesID] = append(out[i.SeriesID], s)
	}
	return out, nil
}

// read applies the mapping. A row that is refused is a fault of the extract.
func (i Import) read() (*figures.Reading, error) {
	b, err := i.Content()
	if err != nil {
		return nil, err
	}
	book, err := sheet.Open(bytes.NewReader(b), int64(len(b)), i.Mapping.File)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrExtract, i.File, err)
	}
	r, err := figures.Read(book, i.Mapping, 0, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrExtract, i.File, err)
	}
	if len(r.Refused) > 0 {
		return nil, fmt.Errorf("%w: %s, %s: %w", ErrExtract, i.File, i.Indicator, r.Refused[0])
	}
	return r, nil
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
