package entente

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"entente/progress"
	"entente/record"
)

// Bounds of a file of claims.
const (
	// MaxClaimsFile in bytes, and maxClaims in it: a year of a newspaper archive's cuttings.
	MaxClaimsFile = 1 << 20
	maxClaims     = 1000
)

// ImportedClaim is a claim of a file, tied to the code of an indicator where the file names one.
type ImportedClaim struct {
	ID        string       `json:"id"` // in the file
	Quote     string       `json:"quote"`
	Indicator string       `json:"indicator,omitempty"` // its code in the file
	Claim     Claim        `json:"claim"`
	Refused   []record.Why `json:"refused,omitempty"` // what keeps it out
}

// claimRow is a claim as press desks write it down. What a file has beside this is left alone.
type claimRow struct {
	ID        string      `json:"id"`
	Party     string      `json:"party"`
	Measure   string      `json:"measure"`
	Indicator string      `json:"indicator"`
	Value     json.Number `json:"value"`
	Unit      string      `json:"unit"`
	Direction string      `json:"direction"`
	Period    string      `json:"period"`
	Note      string      `json:"period_note"`
	Outlet    string      `json:"source_outlet"`
	Agency    string      `json:"agency"`
	Link      string      `json:"link"`
	Language  string      `json:"language"`
	Said      string      `json:"said"`
	Quote     string      `json:"quote"`
	Office    string      `json:"office"`
	Area      string      `json:"area"`
	Breakdown string      `json:"disaggregation"`
	Base      string      `json:"base"`
	Bound     string      `json:"bound"`
}

// superlatives are words of a direction that say there was never more, or less.
var superlatives = map[string]progress.ClaimForm{"record": progress.ClaimHighest, "record high": progress.ClaimHighest, "highest": progress.ClaimHighest, "highest ever": progress.ClaimHighest,
	"unprecedented": progress.ClaimHighest, "record low": progress.ClaimLowest, "lowest": progress.ClaimLowest, "lowest ever": progress.ClaimLowest}

// ParseClaims reads a file of claims: a list, or an object with a list "claims". Each has its quote, the office whose words they are,
// value, unit and direction (increase, decrease, level, record high …), period and base as dates, "since DATE" or "DATE/DATE", and the
// code of an indicator. parties are those that a speaker may belong to. What is wrong with one stands with it; an error says that the
// file is none.
func ParseClaims(b []byte, parties []record.Party) ([]ImportedClaim, error) {
	if len(b) > MaxClaimsFile {
		return nil, fmt.Errorf("a file of claims has at most %d bytes", MaxClaimsFile)
	}
	var rows []claimRow
	var err error
	if b = bytes.TrimSpace(b); len(b) > 0 && b[0] == '{' {
		var file struct {
			Claims []claimRow `json:"claims"`
		}
		err = json.Unmarshal(b, &file)
		rows = file.Claims
	} else {
		err = json.Unmarshal(b, &rows)
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("this is no file of claims: %w", err)
	case len(rows) == 0:
		return nil, fmt.Errorf("there are no claims in it: it is a JSON list, or an object with the list \"claims\"")
	case len(rows) > maxClaims:
		return nil, fmt.Errorf("%d claims: take at most %d at once", len(rows), maxClaims)
	}
	out := make([]ImportedClaim, len(rows))
	for i := range rows {
		out[i] = rows[i].read(parties)
	}
	return out, nil
}

func (x *claimRow) read(parties []record.Party) ImportedClaim {
	out := ImportedClaim{ID: x.ID, Quote: strings.TrimSpace(x.Quote), Indicator: x.Indicator}
	c := &out.Claim
	*c = Claim{Office: strings.TrimSpace(x.Office), Outlet: x.Outlet, Agency: x.Agency, Link: x.Link, Language: x.Language, Measure: x.Measure, Unit: x.Unit, Area: x.Area, Disaggregation: x.Breakdown,
		Bound: x.Bound, Value: record.Decimal(x.Value)}
	if p := record.Party(x.Party); slices.Contains(parties, p) {
		c.Side = p
	}
	direction := strings.ToLower(strings.TrimSpace(x.Direction))
	word, _, _ := strings.Cut(direction, " ")
	form, superlative := superlatives[direction]
	switch {
	case c.Value == "" && superlative:
		c.Form = form
	case c.Value == "":
	case word != "increase" && word != "decrease":
		c.Form = progress.ClaimValue
	case x.Unit == "percent":
		c.Form = progress.ClaimPercent
	case word == "decrease" || strings.HasPrefix(string(c.Value), "-"):
		c.Form = progress.ClaimChange
	default: // so many more, or so many: what is counted says it
		c.Form = progress.ClaimValue
	}
	if c.Form == progress.ClaimPercent || c.Form == progress.ClaimChange {
		if word == "decrease" && !strings.HasPrefix(string(c.Value), "-") {
			c.Value = "-" + c.Value
		}
	}
	var notes []string
	if direction != "" && c.Form != progress.ClaimPercent {
		notes = append(notes, x.Direction)
	}
	if start, end, ok := span(x.Period); ok {
		c.Start, c.End = start, end
	} else if x.Period != "" {
		notes = append(notes, x.Period)
	}
	if x.Note != "" {
		notes = append(notes, x.Note)
	}
	if start, end, ok := span(x.Base); ok {
		c.BaseStart, c.BaseEnd = start, end
	} else if x.Base != "" {
		notes = append(notes, x.Base)
	}
	if t, ok := progress.ParseDate(x.Said); ok {
		c.Said = t
	} else if x.Said != "" {
		out.Refused = append(out.Refused, record.Because("claim.said-date", "said is a date, YYYY-MM-DD"))
	}
	if c.Note = strings.Join(notes, "; "); len(c.Note) > maxClaimText {
		c.Note = strings.ToValidUTF8(c.Note[:maxClaimText], "")
	}
	if why := (record.Why{}); errors.As(ValidQuote(out.Quote), &why) {
		out.Refused = append(out.Refused, why)
	}
	at := &Case{Header: new(record.Header)}
	c.check(at)
	for _, r := range at.reasons {
		out.Refused = append(out.Refused, record.Why{Code: r.Why, Values: r.Values, Text: r.Text})
	}
	return out
}

// span reads "2025-08-01/2025-09-01" or "since 2024-10-01"; half-open.
func span(s string) (start, end int64, ok bool) {
	if from, found := strings.CutPrefix(s, "since "); found {
		start, ok = progress.ParseDate(from)
		return start, 0, ok
	}
	a, z, _ := strings.Cut(s, "/")
	start, ok1 := progress.ParseDate(a)
	end, ok2 := progress.ParseDate(z)
	return start, end, ok1 && ok2
}
