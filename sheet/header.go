package sheet

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// A HeaderRule says where the header stands. The zero value looks for it.
type HeaderRule struct {
	Row  int  `json:"row,omitempty"`  // its first row, as a spreadsheet numbers it; 0 to look for it
	Rows int  `json:"rows,omitempty"` // how many rows it takes; 0 for one, or what was found
	None bool `json:"none,omitempty"` // there is none: columns have letters only, data starts in Row
}

// A Header names the columns of a table.
//
// It is looked for in the first MaxSearch rows: the first row that fills more than half as many cells as the fullest of them, all
// with labels (no numbers but years, no marks of a missing value), is its last row. Rows directly above it with two labels or
// more (or labels merged over several columns, beside others) are its upper levels: "2024" over "January" names "2024 / January".
// A row whose labels are merged sideways is an upper level of the row of labels below it; so is one that leaves room for labels
// below it and has labels that have none below.
type Header struct {
	Row     int // its first row; 0 when there is none
	Last    int // its last row: data starts below
	Columns []HeaderColumn
}

// A HeaderColumn is one column of the table, at its place: Columns[0] is A.
type HeaderColumn struct {
	Letter string
	Name   string // as shown, its spaces made single; a repeated name has " (2)", " (3)" behind it; "" without one
	Filled bool   // a row of the sample below has something in it
}

// Column finds a column by its name, without regard to case and spaces, counted from 0.
func (h Header) Column(name string) (int, bool) {
	want := fold(name)
	i := slices.IndexFunc(h.Columns, func(c HeaderColumn) bool { return c.Name != "" && fold(c.Name) == want })
	return i, i >= 0
}

// fold makes names comparable: small letters, single spaces. Accents count: they tell words apart.
func fold(s string) string { return strings.ToLower(oneLine(s)) }

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// Head finds the header of the sheet and gives it with the rows of the sample below it, at most MaxSearch. Errors wrap
// ErrNoHeader, ErrFormat or ErrTooLarge.
func (s *Sheet) Head(rule HeaderRule) (Header, []Row, error) {
	if rule.Row < 0 || rule.Rows < 0 || rule.Rows > MaxHeaderRows || rule.Row > MaxRows {
		return Header{}, nil, fmt.Errorf("%w: a header of %d rows from row %d: use 1 to %d rows", ErrMapping, rule.Rows, rule.Row, MaxHeaderRows)
	}
	var sample []Row
	from := max(rule.Row, 1)
	for row, err := range s.Rows() {
		if err != nil {
			return Header{}, nil, err
		}
		if row.Row < from {
			continue
		}
		if sample = append(sample, row); len(sample) == 2*MaxSearch {
			break
		}
	}
	first, last := 0, 0 // of sample, half-open
	switch {
	case rule.None:
	case rule.Row > 0:
		for last < len(sample) && sample[last].Row < rule.Row+max(rule.Rows, 1) {
			last++
		}
		if last == 0 {
			return Header{}, nil, fmt.Errorf("%w: row %d is empty", ErrNoHeader, rule.Row)
		}
	default:
		first, last = findHeader(sample)
		if last == 0 {
			return Header{}, nil, fmt.Errorf("%w; none of the first %d rows has labels only", ErrNoHeader, MaxSearch)
		}
		if rule.Rows > 0 {
			first = max(last-rule.Rows, 0)
		}
	}
	h := name(sample[first:last], sample[last:])
	if last > first {
		h.Row, h.Last = sample[first].Row, sample[last-1].Row
	} else {
		h.Last = from - 1
	}
	below := sample[last:]
	return h, below[:min(len(below), MaxSearch)], nil
}

// findHeader applies the rule of Header; the result is half-open, and empty when there is none.
func findHeader(sample []Row) (first, last int) {
	sample = sample[:min(len(sample), MaxSearch)]
	fullest := 0
	for _, r := range sample {
		own, _ := labels(r)
		fullest = max(fullest, own)
	}
	found := -1
	for i, r := range sample {
		if own, all := labels(r); all && own*2 > fullest {
			found = i
			break
		}
	}
	if found < 0 {
		return 0, 0
	}
	first, last = found, found+1
	for last < len(sample) && last-first < MaxHeaderRows && adjacent(sample, last) && (sideways(sample[last-1]) || interlock(sample[last-1], sample[last])) {
		if own, all := labels(sample[last]); !all || own == 0 {
			break
		}
		last++
	}
	for first > 0 && last-first < MaxHeaderRows && adjacent(sample, first) {
		if own, all := labels(sample[first-1]); !all || own < 2 {
			break
		}
		first--
	}
	return first, last
}

func adjacent(sample []Row, i int) bool { return sample[i-1].Row+1 == sample[i].Row }

// labels counts the cells of a row that show something of their own, and says whether they all are labels.
func labels(r Row) (own int, all bool) {
	all = true
	for _, c := range r.Cells {
		if c.Blank() || c.Merged {
			continue
		}
		own++
		all = all && isLabel(c)
	}
	return own, all
}

// isLabel reports whether a cell may name a column: a text that is no number and no mark, a year, or a date that a workbook shows
// in a header of months.
func isLabel(c Cell) bool {
	switch c.Kind {
	case KindError, KindBool, KindTime:
		return false
	case KindDate:
		return c.Raw != ""
	}
	text := strings.TrimSpace(c.Text)
	if isYear(text) {
		return true
	}
	if c.Kind == KindNumber || isMissing(text, DefaultMissing) {
		return false
	}
	return strings.IndexFunc(text, unicode.IsLetter) >= 0 && !looksNumeric(text)
}

// isYear reports whether the text is a year that heads a column.
func isYear(s string) bool {
	return len(s) == 4 && (s[:2] == "19" || s[:2] == "20") && s[2] >= '0' && s[2] <= '9' && s[3] >= '0' && s[3] <= '9'
}

// sideways reports whether a label of the row is merged over the next column.
func sideways(r Row) bool {
	for i := 1; i < len(r.Cells); i++ {
		if c, left := r.Cells[i], r.Cells[i-1]; c.Merged && c.Text == left.Text && !left.Blank() {
			return true
		}
	}
	return false
}

// filledWidth is the number of columns up to the last that shows something.
func filledWidth(r Row) int {
	for i := len(r.Cells); i > 0; i-- {
		if !r.Cells[i-1].Blank() {
			return i
		}
	}
	return 0
}

// interlock reports whether labels below stand where the row above has none, and the other way round.
func interlock(above, below Row) bool {
	under, over := false, false
	for i := range max(len(above.Cells), len(below.Cells)) {
		a, b := above.At(i).Blank(), below.At(i).Blank()
		under, over = under || a && !b, over || b && !a
	}
	return under && over
}

// name makes the columns of the header's rows; below is a sample of the data.
func name(header, below []Row) Header {
	width := 0
	for _, r := range header {
		width = max(width, filledWidth(r))
	}
	filled := make([]int, MaxColumns)
	for _, r := range below {
		for i := width; i < filledWidth(r); i++ {
			filled[i]++
		}
	}
	for i := width; i < MaxColumns; i++ { // to the right of the header: a column when it is often filled, else a slip in some rows
		if filled[i] > 0 && (len(header) == 0 || filled[i]*2 > len(below)) {
			width = i + 1
		}
	}
	h := Header{Columns: make([]HeaderColumn, width)}
	levels := make([][]string, len(header))
	for l, r := range header {
		levels[l] = make([]string, width)
		for i := range levels[l] {
			levels[l][i] = oneLine(r.At(i).Text)
		}
		if l == len(header)-1 {
			break
		}
		for i := 1; i < width; i++ { // an upper label holds for the columns to its right that have a label below and none here
			if levels[l][i] == "" && !header[l+1].At(i).Blank() && !r.At(i-1).Merged {
				levels[l][i] = levels[l][i-1]
			}
		}
	}
	seen := make(map[string]int)
	for i := range h.Columns {
		var parts []string
		for _, l := range levels {
			if l[i] != "" && (len(parts) == 0 || parts[len(parts)-1] != l[i]) {
				parts = append(parts, l[i])
			}
		}
		c := HeaderColumn{Letter: Letter(i), Name: strings.Join(parts, " / ")}
		if c.Name != "" {
			if seen[fold(c.Name)]++; seen[fold(c.Name)] > 1 {
				base := c.Name
				for n := seen[fold(base)]; ; n++ { // a column may be called "Total (2)" by its author
					if c.Name = fmt.Sprintf("%s (%d)", base, n); seen[fold(c.Name)] == 0 {
						break
					}
				}
				seen[fold(c.Name)]++
			}
		}
		c.Filled = slices.ContainsFunc(below, func(r Row) bool { return !r.At(i).Blank() })
		h.Columns[i] = c
	}
	return h
}
