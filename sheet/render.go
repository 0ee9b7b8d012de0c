package sheet

import (
	"math"
	"strconv"
	"strings"
	"sync"

	"github.com/xuri/excelize/v2"
)

// renderer shows numbers as a spreadsheet does, by the number formats of a workbook. Formats are rendered by excelize in a
// scratch workbook of our own: no byte of a foreign file but the format's text and the number reaches it. The language of
// formats that leave it open is English.
type renderer struct {
	mu     sync.Mutex
	f      *excelize.File
	styles map[style]int // of the scratch workbook
}

// maxRendered formats of one workbook are rendered; Excel allows about 250 of its own beside the built-in ones.
const maxRendered = 512

func newRenderer(d1904 bool) *renderer {
	r := &renderer{f: excelize.NewFile(), styles: make(map[style]int)}
	if err := r.f.SetWorkbookProps(&excelize.WorkbookPropsOptions{Date1904: &d1904}); err != nil {
		r.f = nil
	}
	return r
}

// text shows the number f, whose stored form is raw.
func (r *renderer) text(f float64, raw string, s style) (text string) {
	if s.id == 0 || strings.EqualFold(s.code, "general") || r.f == nil {
		return general(f, raw)
	}
	if sections := formatSections(s.code); f == 0 && len(sections) > 2 && sections[2] != "" && !strings.ContainsAny(s.code, "<>=") {
		s.code = sections[2] // the library has no section for zero
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	defer func() {
		if recover() != nil { // a format that the library does not survive is shown as the plain number
			text = general(f, raw)
		}
	}()
	n, ok := r.styles[s]
	if !ok {
		if len(r.styles) == maxRendered {
			return general(f, raw)
		}
		what := &excelize.Style{NumFmt: s.id}
		if s.code != "" {
			what = &excelize.Style{CustomNumFmt: &s.code}
		}
		var err error
		if n, err = r.f.NewStyle(what); err != nil {
			n = 0
		}
		r.styles[s] = n
	}
	if n == 0 {
		return general(f, raw)
	}
	if err := r.f.SetCellStyle("Sheet1", "A1", "A1", n); err != nil {
		return general(f, raw)
	}
	if err := r.f.SetCellFloat("Sheet1", "A1", f, -1, 64); err != nil {
		return general(f, raw)
	}
	if text, err := r.f.GetCellValue("Sheet1", "A1"); err == nil && len(text) <= MaxCell {
		return text
	}
	return general(f, raw)
}

// general shows a number in no particular format: 15 digits at most, as spreadsheets keep, never more than there are.
func general(f float64, raw string) string {
	if a := math.Abs(f); a != 0 && (a < 1e-9 || a >= 1e21) || math.IsInf(f, 0) || math.IsNaN(f) {
		return raw
	}
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(f, 'e', 14, 64), 64)
	if err != nil {
		return raw
	}
	return strconv.FormatFloat(rounded, 'f', -1, 64)
}

// formatSections cuts a number format at its semicolons: positive; negative; zero; text.
func formatSections(code string) []string {
	var out []string
	from := 0
	for i := 0; i < len(code); i++ {
		switch code[i] {
		case '\\', '_', '*':
			i++
		case '"':
			for i++; i < len(code) && code[i] != '"'; i++ {
			}
		case ';':
			out = append(out, code[from:i])
			from = i + 1
		}
	}
	return append(out, code[min(from, len(code)):])
}
