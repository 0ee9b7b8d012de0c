package sheet

import (
	"cmp"
	"slices"
)

// A Preview says what a mapping would make of a whole table, with the first records of each status.
type Preview struct {
	Sheet     string   `json:"sheet"`
	Header    Header   `json:"header"`
	Taken     int      `json:"taken"` // records, of which a row may make several
	Refused   int      `json:"refused"`
	Skipped   int      `json:"skipped"`
	Records   []Record `json:"records"` // the first of each status, in the order of the file
	Tally     []Tally  `json:"tally"`   // what was refused and skipped, most frequent first
	Untallied int      `json:"untallied,omitempty"`
}

// A Tally counts the refused cells of one field and reason, or the rows that one rule skipped.
type Tally struct {
	Field  string `json:"field,omitempty"`
	Header string `json:"header,omitempty"`
	Reason Reason `json:"reason,omitempty"`
	Rule   Rule   `json:"rule,omitzero"`
	Count  int    `json:"count"`
	First  string `json:"first"` // A1 name of the first
}

// Preview applies the mapping to the whole sheet and keeps at most most records of each status. Errors are those of Apply.
func (b *Book) Preview(m Mapping, most int) (Preview, error) {
	p, s, err := b.plan(m)
	if err != nil {
		return Preview{}, err
	}
	out := Preview{Sheet: s.Name, Header: p.header}
	kept := make(map[string]int)
	at := make(map[Tally]int) // by a tally without its count
	count := func(t Tally, first string) {
		i, ok := at[t]
		if !ok {
			if len(out.Tally) == MaxTally {
				out.Untallied++
				return
			}
			i = len(out.Tally)
			at[t] = i
			out.Tally = append(out.Tally, t)
			out.Tally[i].First = first
		}
		out.Tally[i].Count++
	}
	for r, err := range b.Apply(m) {
		if err != nil {
			return out, err
		}
		switch r.Status {
		case Taken:
			out.Taken++
		case Refused:
			out.Refused++
			for _, q := range r.Problems {
				count(Tally{Field: q.Field, Header: q.Header, Reason: q.Reason}, q.Cell)
			}
		case Skipped:
			out.Skipped++
			count(Tally{Rule: r.Rule}, A1(0, r.Row))
		}
		if kept[r.Status]++; kept[r.Status] <= most {
			out.Records = append(out.Records, r)
		}
	}
	slices.SortStableFunc(out.Tally, func(a, b Tally) int { return cmp.Compare(b.Count, a.Count) })
	return out, nil
}
