package store

import (
	"database/sql"
	"strings"

	"entente/record"
)

// AttentionFilter is what waits for one party for one reason at a moment.
type AttentionFilter struct {
	Party  record.Party
	Reason string
	Now    int64
	Kind   string  // empty: any
	Line   string  // likewise
	Scopes []Scope // within any of these; none: anywhere
	After  *AttentionKey
	Limit  int
}

// Scope is kinds and lines together; an empty list is any.
type Scope struct {
	Kinds []string
	Lines []string
}

// AttentionKey is a place in a list: what has waited longest stands first, then what has the nearest date.
type AttentionKey struct {
	From, By int64
	Pos      Pos
	N        int
}

// Key is the row's place.
func (a *AttentionRow) Key() AttentionKey { return AttentionKey{a.From, a.By, a.Pos, a.N} }

func (f *AttentionFilter) where(grp int64) (string, []any) {
	q := " FROM attention INDEXED BY attention_party WHERE grp = ? AND party = ? AND reason = ? AND from_ <= ? AND until_ > ?"
	args := []any{grp, string(f.Party), f.Reason, f.Now, f.Now}
	if f.Kind != "" {
		q, args = q+" AND kind = ?", append(args, f.Kind)
	}
	if f.Line != "" {
		q, args = q+" AND line = ?", append(args, f.Line)
	}
	in := func(column string, names []string) string {
		if len(names) == 0 {
			return "1 = 1"
		}
		for _, n := range names {
			args = append(args, n)
		}
		return column + " IN (?" + strings.Repeat(", ?", len(names)-1) + ")"
	}
	var any []string
	for _, s := range f.Scopes {
		any = append(any, "("+in("kind", s.Kinds)+" AND "+in("line", s.Lines)+")")
	}
	if len(any) > 0 {
		q += " AND (" + strings.Join(any, " OR ") + ")"
	}
	return q, args
}

// Attention lists what a filter leaves.
func Attention(r reader, grp int64, f AttentionFilter) ([]AttentionRow, error) {
	q, args := f.where(grp)
	if k := f.After; k != nil {
		q += " AND (from_, by_, pos, n) > (?, ?, ?, ?)"
		args = append(args, k.From, date(k.By), int64(k.Pos), k.N)
	}
	var out []AttentionRow
	err := each(r, func(rows *sql.Rows) error {
		a := AttentionRow{Party: f.Party, Reason: f.Reason}
		var about []byte
		if err := rows.Scan(&a.Pos, &a.N, &about, &a.From, &a.Until, &a.By, &a.Kind, &a.Line); err != nil {
			return err
		}
		copy(a.About[:], about)
		a.Until, a.By = undate(a.Until), undate(a.By)
		out = append(out, a)
		return nil
	}, "SELECT pos, n, about, from_, until_, by_, kind, line"+q+" ORDER BY from_, by_, pos, n LIMIT ?", append(args, f.Limit)...)
	return out, err
}

// CountAttention counts what a filter leaves, whatever its place, up to most: more says that there are more.
func CountAttention(r reader, grp int64, f AttentionFilter, most int) (n int, more bool, err error) {
	q, args := f.where(grp)
	err = one(r, []any{&n}, "SELECT count(*) FROM (SELECT 1"+q+" LIMIT ?)", append(args, most+1)...)
	return min(n, most), n > most, err
}

// AttentionByLine counts likewise, by line of effort.
func AttentionByLine(r reader, grp int64, f AttentionFilter, most int) (byLine map[string]int, more bool, err error) {
	q, args := f.where(grp)
	byLine = map[string]int{}
	left := most + 1
	err = each(r, func(rows *sql.Rows) error {
		var line string
		var n int
		err := rows.Scan(&line, &n)
		byLine[line], left = n, left-n
		return err
	}, "SELECT line, count(*) FROM (SELECT line"+q+" LIMIT ?) GROUP BY line", append(args, most+1)...)
	return byLine, left <= 0, err
}
