package record

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"math/bits"
	"unicode/utf8"
)

// RowsPart is the name of the part that holds a table.
const RowsPart = "rows"

// Table is the content of a rows part: named columns, the first of them the row's key; rows ascend by key without doubles.
// Every cell is a string: decimals as published, dates as text.
type Table struct {
	Columns []string   `cbor:"1,keyasint" json:"columns"`
	Rows    [][]string `cbor:"2,keyasint" json:"rows"`
}

// Encode writes the table in its one form.
func (t Table) Encode() ([]byte, error) {
	if err := t.check(); err != nil {
		return nil, fmt.Errorf("rows: %w: %w", ErrFormat, err)
	}
	b := appendTexts(append(appendHead(nil, majorMap, 2), 1), t.Columns)
	b = appendHead(append(b, 2), majorArray, uint64(len(t.Rows)))
	for _, r := range t.Rows {
		b = appendTexts(b, r)
	}
	if len(b) > MaxPart {
		return nil, fmt.Errorf("rows: %w: %d bytes, the limit is %d", ErrFormat, len(b), MaxPart)
	}
	return b, nil
}

// ParseTable reads what Encode wrote and nothing else. Errors wrap ErrFormat.
func ParseTable(b []byte) (Table, error) {
	var t Table
	if len(b) > MaxPart {
		return t, fmt.Errorf("rows: %w: %d bytes, the limit is %d", ErrFormat, len(b), MaxPart)
	}
	t, err := decodeTable(b)
	if err == nil {
		err = t.check()
	}
	if err != nil {
		return Table{}, fmt.Errorf("rows: %w: %w", ErrFormat, err)
	}
	return t, nil
}

// decodeTable reads the one form of a table by hand, since it is the largest thing that a peer sends: counts are compared
// with the bytes that are there before anything is allocated, and all cells share one copy of b.
func decodeTable(b []byte) (t Table, err error) {
	all := string(b)
	text := func() (string, error) {
		s, rest, err := stringOf(majorText, b)
		end := len(all) - len(rest)
		b = rest
		return all[end-len(s) : end], err
	}
	count := func(what byte, most uint64) (int, error) {
		major, n, rest, err := head(b)
		b = rest
		switch {
		case err != nil:
			return 0, err
		case major != what:
			return 0, fmt.Errorf("an item of major type %d where %d belongs", major, what)
		case n > most || n > uint64(len(rest)):
			return 0, fmt.Errorf("%d items: the limit is %d, and %d bytes follow", n, most, len(rest))
		}
		return int(n), nil
	}
	field := func(number byte, most uint64) (int, error) {
		if len(b) == 0 || b[0] != number {
			return 0, fmt.Errorf("field %d is not where it belongs", number)
		}
		b = b[1:]
		return count(majorArray, most)
	}
	if n, err := count(majorMap, 2); err != nil || n != 2 {
		return t, errors.New("not a map of columns and rows")
	}
	columns, err := field(1, MaxColumns)
	if err != nil {
		return t, err
	}
	t.Columns = make([]string, columns)
	for i := range t.Columns {
		if t.Columns[i], err = text(); err != nil {
			return t, err
		}
	}
	rows, err := field(2, MaxRows)
	if err != nil {
		return t, err
	}
	if rows*(columns+1) > len(b) {
		return t, errShort
	}
	t.Rows = make([][]string, rows)
	cells := make([]string, rows*columns)
	for i := range t.Rows {
		if n, err := count(majorArray, MaxColumns); err != nil || n != columns {
			return t, fmt.Errorf("row %d does not have %d cells", i+1, columns)
		}
		t.Rows[i], cells = cells[:columns:columns], cells[columns:]
		for j := range t.Rows[i] {
			if t.Rows[i][j], err = text(); err != nil {
				return t, fmt.Errorf("row %d: %w", i+1, err)
			}
		}
	}
	if len(b) > 0 {
		return t, fmt.Errorf("%d bytes follow the table", len(b))
	}
	return t, nil
}

// check never quotes a cell or a column: they may be more secret than the reader of the error.
func (t Table) check() error {
	if len(t.Columns) == 0 || len(t.Columns) > MaxColumns || t.Columns[0] != "key" {
		return fmt.Errorf("%d columns: want 1 to %d, the first named key", len(t.Columns), MaxColumns)
	}
	if len(t.Rows) == 0 || len(t.Rows) > MaxRows {
		return fmt.Errorf("%d rows: want 1 to %d", len(t.Rows), MaxRows)
	}
	seen := map[string]bool{}
	for i, c := range t.Columns {
		if c == "" || !validText(c) || seen[c] {
			return fmt.Errorf("column %d is empty, too long, doubled or not plain text", i+1)
		}
		seen[c] = true
	}
	for i, r := range t.Rows {
		if len(r) != len(t.Columns) {
			return fmt.Errorf("row %d has %d cells for %d columns", i+1, len(r), len(t.Columns))
		}
		if r[0] == "" || (i > 0 && t.Rows[i-1][0] >= r[0]) {
			return fmt.Errorf("row %d: keys must ascend without doubles", i+1)
		}
		for _, c := range r {
			if !utf8.ValidString(c) {
				return fmt.Errorf("row %d holds text that is not UTF-8", i+1)
			}
		}
	}
	return nil
}

// RowSalt is derived from the part's salt and the row's key: showing one row tells nothing of the others.
func RowSalt(s Salt, key string) Salt { return newRowSalts(s).of(key) }

// rowSalts derives many row salts with one keyed HMAC-SHA256.
type rowSalts struct {
	mac hash.Hash
	buf []byte
}

func newRowSalts(s Salt) *rowSalts { return &rowSalts{mac: hmac.New(sha256.New, s[:])} }

func (r *rowSalts) of(key string) Salt {
	r.mac.Reset()
	r.buf = append(append(r.buf[:0], "entente/row/v1\x00"...), key...)
	r.mac.Write(r.buf)
	r.buf = r.mac.Sum(r.buf[:0])
	return Salt(r.buf[:16])
}

// RowProof shows one row of a rows part to somebody who does not hold the rest.
type RowProof struct {
	Columns []string `cbor:"1,keyasint" json:"columns"`
	Row     []string `cbor:"2,keyasint" json:"row"`
	Salt    Salt     `cbor:"3,keyasint" json:"salt"`
	Index   uint64   `cbor:"4,keyasint" json:"index"`
	Path    []ID     `cbor:"5,keyasint" json:"path"` // RFC 6962 audit path, from the leaf up
}

// Prove makes the proof of the row with that key.
func (t Table) Prove(s Salt, key string) (RowProof, error) {
	for i, r := range t.Rows {
		if r[0] == key {
			return RowProof{Columns: t.Columns, Row: r, Salt: RowSalt(s, key), Index: uint64(i), Path: auditPath(t.leaves(s), i)}, nil
		}
	}
	return RowProof{}, fmt.Errorf("rows: no row has the key %.70q", key)
}

// Verify checks the row against the reference in the header. Errors wrap ErrPart.
func (p RowProof) Verify(ref PartRef) error {
	if p.Index >= ref.Rows || len(p.Path) > 64 || len(p.Row) == 0 || len(p.Row) != len(p.Columns) {
		return fmt.Errorf("row: %w", ErrPart)
	}
	h, i, last := ID(sha256.Sum256(appendLeaf(nil, appendTexts(nil, p.Columns), p.Row, p.Salt))), p.Index, ref.Rows-1
	for _, s := range p.Path { // RFC 9162 section 2.1.3.2
		if last == 0 {
			return fmt.Errorf("row: %w", ErrPart)
		}
		if i&1 == 1 || i == last {
			h = nodeHash(s, h)
			for i&1 == 0 && i != 0 {
				i, last = i>>1, last>>1
			}
		} else {
			h = nodeHash(h, s)
		}
		i, last = i>>1, last>>1
	}
	if last != 0 || h != ref.Root {
		return fmt.Errorf("row: %w", ErrPart)
	}
	return nil
}

// appendLeaf is what RFC 6962 hashes for a leaf: 0x00 and the CBOR array of the row's salt, the columns and its cells.
func appendLeaf(b, columns []byte, row []string, s Salt) []byte {
	b = appendHead(append(b, 0), majorArray, 3)
	b = append(appendString(b, majorBytes, s[:]), columns...)
	return appendTexts(b, row)
}

func nodeHash(l, r ID) ID {
	var b [65]byte
	b[0] = 1
	copy(b[1:], l[:])
	copy(b[33:], r[:])
	return sha256.Sum256(b[:])
}

func (t Table) leaves(s Salt) []ID {
	out := make([]ID, len(t.Rows))
	columns := appendTexts(nil, t.Columns)
	mac, buf := newRowSalts(s), []byte(nil)
	for i, r := range t.Rows {
		buf = appendLeaf(buf[:0], columns, r, mac.of(r[0]))
		out[i] = sha256.Sum256(buf)
	}
	return out
}

func (t Table) root(s Salt) ID { return treeHash(t.leaves(s)) }

// treeHash is the Merkle tree hash of RFC 6962 section 2.1 over at least one leaf hash.
func treeHash(l []ID) ID {
	if len(l) == 1 {
		return l[0]
	}
	k := split(len(l))
	return nodeHash(treeHash(l[:k]), treeHash(l[k:]))
}

// auditPath is RFC 6962 section 2.1.1.
func auditPath(l []ID, m int) []ID {
	if len(l) == 1 {
		return nil
	}
	k := split(len(l))
	if m < k {
		return append(auditPath(l[:k], m), treeHash(l[k:]))
	}
	return append(auditPath(l[k:], m-k), treeHash(l[:k]))
}

// split is the largest power of two below n, for n of at least 2.
func split(n int) int { return 1 << (bits.Len(uint(n-1)) - 1) }
