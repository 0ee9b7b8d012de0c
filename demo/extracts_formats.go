package demo

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"slices"

	"entente/figures"
	"entente/progress"
	"entente/sheet"
)

// imports are those of one file: by the mappings that come with the program for the agencies' own files, and by one mapping for each
// series of a table of quoted figures.
func (e Extract) imports(sources []Source) ([]Import, error) {
	party, names := "", []string(nil)
	switch e.Format {
	case "cbp":
		party, names = "US", []string{"cbp-fentanyl-weight", "cbp-fentanyl-events", "cbp-methamphetamine-weight"}
	case "sesnsp":
		party, names = "MX", []string{"sesnsp-homicide", "sesnsp-firearm-homicide"}
	case "tidy":
		return e.quoted(sources)
	default:
		return nil, fmt.Errorf("%w: unknown format %q", ErrExtract, e.Format)
	}
	src, ok := sourceByID(sources, e.Source)
	if !ok {
		return nil, fmt.Errorf("%w: source %q is not in SOURCES.json", ErrExtract, e.Source)
	}
	var out []Import
	for _, name := range names {
		m, ok := figures.Named(name)
		if !ok {
			return nil, fmt.Errorf("%w: no mapping %s", ErrExtract, name)
		}
		if name == "sesnsp-homicide" { // the extract holds all modalities of this year only
			m.Filters = append(slices.Clone(m.Filters), sheet.Filter{Ref: sheet.Ref{Header: "Año"}, In: []string{"2019"}})
		}
		out = append(out, Import{SeriesID: SeriesID{m.Indicator, party}, File: e.File, Mapping: m, Source: src.ID, Named: src.Agency + ", " + src.Publication, Vintage: src.Vintage})
	}
	return out, nil
}

var (
	tidyHeader = []string{"indicator", "party", "period_start", "period_end", "area", "disaggregation", "value", "unit", "source"}
	// tidyIndicators maps an indicator and unit of the tidy files to the group's code and unit.
	tidyIndicators = map[[2]string][2]string{
		{"fuel_theft_taps", "taps"}:                                {"illegal-taps", "taps"},
		{"extraditions_to_us", "persons"}:                          {"extraditions", "persons"},
		{"transfers_to_us", "persons"}:                             {"transfers", "persons"},
		{"tunnels_discovered", "tunnels"}:                          {"tunnels-discovered", "tunnels"},
		{"firearms_traced", "firearms"}:                            {"firearms-traced", "firearms"},
		{"firearms_seized", "firearms"}:                            {"firearms-seized", "firearms"},
		{"firearms_seized_southbound", "firearms"}:                 {"firearms-seized", "firearms"},
		{"drug_seizures_weight_fentanyl", "kg"}:                    {"fentanyl-seized-weight", "kg"},
		{"labs_destroyed", "labs"}:                                 {"labs-dismantled", "labs"},
		{"crime_investigation_files", "carpetas de investigación"}: {"homicide-files", "files"},
		{"crime_victims", "víctimas"}:                              {"homicide-victims", "victims"},
		{"homicide_victims_daily_average", "victims per day"}:      {"homicide-victims-daily", "victims per day"},
		{"high_impact_crimes_daily_average", "events per day"}:     {"high-impact-crimes-daily", "events per day"},
		{"migrant_encounters", "encounters"}:                       {"border-encounters", "encounters"},
	}
	tidyAreas = map[string]string{"Mexico": "MX", "US-Mexico border": "MX-US-BORDER", "Tucson and San Diego sectors": "US-CBP-TUCSON-AND-SAN-DIEGO-SECTORS",
		"Southwest Land Border": "US-CBP-SOUTHWEST-LAND-BORDER"}
)

// quoted are the imports of a table of second-hand figures, one for each indicator, party and source in it. None of these figures
// is taken as final, since the agency's own file was not seen; an empty value is missing.
func (e Extract) quoted(sources []Source) ([]Import, error) {
	b, err := extractFiles.ReadFile("extracts/" + e.File)
	if err != nil {
		return nil, err
	}
	rows, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
	if err != nil || len(rows) == 0 || !slices.Equal(rows[0], tidyHeader) {
		return nil, fmt.Errorf("%w: first row is not %q: %w", ErrExtract, tidyHeader, err)
	}
	areas := figures.Areas("mx")
	for name, code := range tidyAreas {
		areas[name] = code
	}
	type series struct{ indicator, party, unit, source string }
	seen := map[series]bool{}
	var out []Import
	for i, r := range rows[1:] {
		s := series{r[0], r[1], r[7], r[8]}
		if seen[s] {
			continue
		}
		seen[s] = true
		ind, ok := tidyIndicators[[2]string{s.indicator, s.unit}]
		src, known := sourceByID(sources, s.source)
		if !ok || !known || (s.party != "MX" && s.party != "US") {
			return nil, fmt.Errorf("%w: row %d: indicator %q in %q, party %q, source %q", ErrExtract, i+2, s.indicator, s.unit, s.party, s.source)
		}
		column := func(header, field, as string, required bool) sheet.Column {
			return sheet.Column{Ref: sheet.Ref{Header: header}, Field: field, As: as, Required: required}
		}
		area := column("area", figures.FieldArea, "", true)
		area.Values = areas
		m := figures.Mapping{Unit: ind[1], Indicator: ind[0], Source: src.Agency, LastDay: true, Status: progress.Provisional, Overlapping: true}
		m.V, m.Numbers.Mark = 1, sheet.Point
		m.Columns = []sheet.Column{column("period_start", figures.FieldStart, sheet.AsDate, true), column("period_end", figures.FieldEnd, sheet.AsDate, true), area,
			column("disaggregation", "part1", "", false), column("value", figures.FieldValue, sheet.AsNumber, false)}
		for header, text := range map[string]string{"indicator": s.indicator, "party": s.party, "unit": s.unit, "source": s.source} {
			m.Filters = append(m.Filters, sheet.Filter{Ref: sheet.Ref{Header: header}, In: []string{text}})
		}
		out = append(out, Import{SeriesID: SeriesID{ind[0], s.party}, File: e.File, Mapping: m, Source: src.ID, Named: src.Agency + ", " + src.Publication, Vintage: src.Vintage, SecondHand: src.SecondHand})
	}
	return out, nil
}
