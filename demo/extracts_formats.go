package demo

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

var (
	cbpHeader    = []string{"FY", "Month (abbv)", "Component", "Region", "Land Filter", "Area of Responsibility", "Drug Type", "Count of Event", "Sum Qty (lbs)"}
	cbpMonths    = []string{"OCT", "NOV", "DEC", "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP"}
	cbpComponent = map[string]string{"Office of Field Operations": "OFO", "U.S. Border Patrol": "USBP"}
)

// parseCBP reads CBP's nationwide drug seizures: one row per month of a fiscal year that starts in October,
// component, region, land filter, area of responsibility and drug, with a count of events and a weight in pounds.
// A row of fentanyl gives two figures (weight and events), one of methamphetamine its weight.
func parseCBP(b []byte, src Source) ([]reported, error) {
	rows, err := table(b, cbpHeader)
	if err != nil {
		return nil, err
	}
	var out []reported
	for i, r := range rows {
		fy, fytd := strings.CutSuffix(r[0], " (FYTD)")
		year, err := strconv.Atoi(fy)
		month := slices.Index(cbpMonths, r[1])
		component, known := cbpComponent[r[2]]
		if err != nil || year < 1990 || year > 2100 || month < 0 || !known {
			return nil, fmt.Errorf("%w: row %d: fiscal year %q, month %q, component %q", ErrExtract, i+2, r[0], r[1], r[2])
		}
		start := time.Date(year-1, time.October+time.Month(month), 1, 0, 0, 0, 0, time.UTC)
		f := Figure{
			Area:           "US-CBP-" + strings.ReplaceAll(r[5], " ", "-"),
			Disaggregation: strings.Join([]string{r[6], component, r[3], r[4]}, ";"),
			Start:          start.Format(time.DateOnly),
			End:            start.AddDate(0, 1, 0).Format(time.DateOnly),
			Status:         StatusFinal, Source: src.ID, Vintage: src.Vintage,
		}
		if fytd {
			f.Status = StatusProvisional
		}
		weight, events := f, f
		weight.Unit, events.Unit = "lb", "events"
		if weight.Value, err = plainDecimal(r[8]); err == nil {
			events.Value, err = plainDecimal(r[7])
		}
		if err != nil {
			return nil, fmt.Errorf("row %d: %w", i+2, err)
		}
		switch r[6] {
		case "Fentanyl":
			weight.Indicator, events.Indicator = "fentanyl-seized-weight", "fentanyl-seizure-events"
			out = append(out, reported{weight, "US", fy}, reported{events, "US", fy})
		case "Methamphetamine":
			weight.Indicator = "meth-seized-weight"
			out = append(out, reported{weight, "US", fy})
		default:
			return nil, fmt.Errorf("%w: row %d: no indicator counts %q", ErrExtract, i+2, r[6])
		}
	}
	return out, nil
}

var sesnspHeader = []string{"Año", "Clave_Ent", "Entidad", "Bien jurídico afectado", "Tipo de delito", "Subtipo de delito", "Modalidad",
	"Enero", "Febrero", "Marzo", "Abril", "Mayo", "Junio", "Julio", "Agosto", "Septiembre", "Octubre", "Noviembre", "Diciembre"}

// mexicanStates stand in the order of INEGI's state key (1 = Aguascalientes), with the name SESNSP gives them
// and their ISO 3166-2 code.
var mexicanStates = [32][2]string{
	{"Aguascalientes", "MX-AGU"}, {"Baja California", "MX-BCN"}, {"Baja California Sur", "MX-BCS"}, {"Campeche", "MX-CAM"},
	{"Coahuila de Zaragoza", "MX-COA"}, {"Colima", "MX-COL"}, {"Chiapas", "MX-CHP"}, {"Chihuahua", "MX-CHH"},
	{"Ciudad de México", "MX-CMX"}, {"Durango", "MX-DUR"}, {"Guanajuato", "MX-GUA"}, {"Guerrero", "MX-GRO"},
	{"Hidalgo", "MX-HID"}, {"Jalisco", "MX-JAL"}, {"México", "MX-MEX"}, {"Michoacán de Ocampo", "MX-MIC"},
	{"Morelos", "MX-MOR"}, {"Nayarit", "MX-NAY"}, {"Nuevo León", "MX-NLE"}, {"Oaxaca", "MX-OAX"},
	{"Puebla", "MX-PUE"}, {"Querétaro", "MX-QUE"}, {"Quintana Roo", "MX-ROO"}, {"San Luis Potosí", "MX-SLP"},
	{"Sinaloa", "MX-SIN"}, {"Sonora", "MX-SON"}, {"Tabasco", "MX-TAB"}, {"Tamaulipas", "MX-TAM"},
	{"Tlaxcala", "MX-TLA"}, {"Veracruz de Ignacio de la Llave", "MX-VER"}, {"Yucatán", "MX-YUC"}, {"Zacatecas", "MX-ZAC"},
}

// parseSESNSP reads SESNSP's state incidence in ISO 8859-1, months in columns. Every month of a year counts for
// homicide-files when the year holds all four modalities, and those "Con arma de fuego" for firearm-homicide-files.
// An empty cell is a missing figure.
func parseSESNSP(b []byte, src Source) ([]reported, error) {
	rows, err := table([]byte(fromLatin1(b)), sesnspHeader)
	if err != nil {
		return nil, err
	}
	complete := make(map[string]bool) // years that hold more than the firearm rows
	for _, r := range rows {
		if r[6] != "Con arma de fuego" {
			complete[r[0]] = true
		}
	}
	var out []reported
	for i, r := range rows {
		year, err := strconv.Atoi(r[0])
		if err != nil || year < 1990 || year > 2100 {
			return nil, fmt.Errorf("%w: row %d: year %q", ErrExtract, i+2, r[0])
		}
		key, err := strconv.Atoi(r[1])
		if err != nil || key < 1 || key > len(mexicanStates) || mexicanStates[key-1][0] != r[2] {
			return nil, fmt.Errorf("%w: row %d: state key %q is not %q", ErrExtract, i+2, r[1], r[2])
		}
		if r[5] != "Homicidio doloso" {
			return nil, fmt.Errorf("%w: row %d: no indicator counts %q", ErrExtract, i+2, r[5])
		}
		for m, cell := range r[7:] {
			start := time.Date(year, time.January+time.Month(m), 1, 0, 0, 0, 0, time.UTC)
			f := Figure{
				Area: mexicanStates[key-1][1], Disaggregation: r[5] + ";" + r[6],
				Start: start.Format(time.DateOnly), End: start.AddDate(0, 1, 0).Format(time.DateOnly),
				Unit: "files", Status: StatusProvisional, Source: src.ID, Vintage: src.Vintage,
			}
			if cell == "" {
				f.Status = StatusMissing
			} else if f.Value, err = plainDecimal(cell); err != nil {
				return nil, fmt.Errorf("row %d: %w", i+2, err)
			}
			if complete[r[0]] {
				f.Indicator = "homicide-files"
				out = append(out, reported{f, "MX", r[0]})
			}
			if r[6] == "Con arma de fuego" {
				f.Indicator = "firearm-homicide-files"
				out = append(out, reported{f, "MX", r[0]})
			}
		}
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
	}
	tidyAreas = map[string]string{"Mexico": "MX", "US-Mexico border": "MX-US-BORDER", "Tucson and San Diego sectors": "US-CBP-TUCSON-AND-SAN-DIEGO-SECTORS"}
)

// parseTidy reads second-hand figures, one a row; period_end is the last day of the period. No such figure is
// taken as final, since the agency's own file was not seen; an empty value is missing.
func parseTidy(b []byte, sources []Source) ([]reported, error) {
	rows, err := table(b, tidyHeader)
	if err != nil {
		return nil, err
	}
	var out []reported
	for i, r := range rows {
		ind, ok := tidyIndicators[[2]string{r[0], r[7]}]
		src, known := sourceByID(sources, r[8])
		if !ok || !known || (r[1] != "MX" && r[1] != "US") {
			return nil, fmt.Errorf("%w: row %d: indicator %q in %q, party %q, source %q", ErrExtract, i+2, r[0], r[7], r[1], r[8])
		}
		area, ok := tidyAreas[r[4]]
		for _, s := range mexicanStates {
			if s[0] == r[4] {
				area, ok = s[1], true
			}
		}
		start, err1 := time.Parse(time.DateOnly, r[2])
		last, err2 := time.Parse(time.DateOnly, r[3])
		if !ok || err1 != nil || err2 != nil || last.Before(start) {
			return nil, fmt.Errorf("%w: row %d: area %q, period %s to %s", ErrExtract, i+2, r[4], r[2], r[3])
		}
		f := Figure{
			Indicator: ind[0], Area: area, Disaggregation: r[5],
			Start: r[2], End: last.AddDate(0, 0, 1).Format(time.DateOnly),
			Unit: ind[1], Status: StatusProvisional, Source: src.ID, Vintage: src.Vintage,
		}
		if r[6] == "" {
			f.Status = StatusMissing
		} else if f.Value, err = plainDecimal(r[6]); err != nil {
			return nil, fmt.Errorf("row %d: %w", i+2, err)
		}
		out = append(out, reported{f, r[1], ""})
	}
	return out, nil
}

// table reads a CSV whose first record must be header; it refuses short, long and ragged rows, and the
// characters that a row key is built with.
func table(b []byte, header []string) ([][]string, error) {
	r := csv.NewReader(bytes.NewReader(b))
	r.FieldsPerRecord = len(header)
	var rows [][]string
	for {
		rec, err := r.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrExtract, err)
		}
		for _, cell := range rec {
			if strings.Contains(cell, "|") {
				return nil, fmt.Errorf("%w: %q would break row keys", ErrExtract, cell)
			}
		}
		rows = append(rows, rec)
	}
	if len(rows) == 0 || !slices.Equal(rows[0], header) {
		return nil, fmt.Errorf("%w: first row is not %q", ErrExtract, header)
	}
	return rows[1:], nil
}

// fromLatin1 decodes ISO 8859-1, in which a byte is the code point.
func fromLatin1(b []byte) string {
	runes := make([]rune, len(b))
	for i, c := range b {
		runes[i] = rune(c)
	}
	return string(runes)
}

// maxExponent bounds the exponent of a published number: spreadsheets write 2.2e-05, nothing near 1e-20.
const maxExponent = 20

// plainDecimal gives s, an unsigned decimal, as published; a number in exponent form is written out with the
// same digits ("2.20462262e-05" is "0.0000220462262").
func plainDecimal(s string) (string, error) {
	mantissa, exponent, scientific := strings.Cut(strings.ToLower(s), "e")
	whole, fraction, point := strings.Cut(mantissa, ".")
	if !digits(whole) || (point && !digits(fraction)) {
		return "", fmt.Errorf("%w: %q is not an unsigned decimal", ErrExtract, s)
	}
	if !scientific {
		return s, nil
	}
	e, err := strconv.Atoi(exponent)
	if err != nil || e > maxExponent || e < -maxExponent {
		return "", fmt.Errorf("%w: exponent of %q", ErrExtract, s)
	}
	all := whole + fraction
	at := len(whole) + e // position of the decimal point in all
	if at <= 0 {
		all, at = strings.Repeat("0", 1-at)+all, 1
	}
	if at > len(all) {
		all += strings.Repeat("0", at-len(all))
	}
	whole = strings.TrimLeft(all[:at], "0")
	if whole == "" {
		whole = "0"
	}
	if all[at:] == "" {
		return whole, nil
	}
	return whole + "." + all[at:], nil
}

func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
