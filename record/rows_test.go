package record

import (
	"bytes"
	"errors"
	"runtime"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"
)

func rowsRef(t testing.TB, n int, s Salt) PartRef {
	t.Helper()
	ref, err := Describe(fixedID("group"), Nonce{1}, Part{Name: RowsPart, Salt: s, Content: tableBytes(t, n)}, Marking{TLP: Green, Originator: "MX"})
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

// TestRowProofs: every row of every size up to 70, with the roots and proofs of x/mod's RFC 6962 trees as oracle.
func TestRowProofs(t *testing.T) {
	salt := Salt{1, 2, 3}
	for n := 1; n <= 70; n++ {
		tab, ref := table(n), rowsRef(t, n, salt)
		var hashes []tlog.Hash
		reader := tlog.HashReaderFunc(func(at []int64) ([]tlog.Hash, error) {
			var out []tlog.Hash
			for _, i := range at {
				out = append(out, hashes[i])
			}
			return out, nil
		})
		for i, l := range tab.leaves(salt) {
			more, err := tlog.StoredHashesForRecordHash(int64(i), tlog.Hash(l), reader)
			if err != nil {
				t.Fatal(err)
			}
			hashes = append(hashes, more...)
		}
		root, err := tlog.TreeHash(int64(n), reader)
		if err != nil || ID(root) != ref.Root || ref.Rows != uint64(n) {
			t.Fatalf("%d rows: root %s, want %s (%v)", n, ref.Root, ID(root), err)
		}
		for i, row := range tab.Rows {
			p, err := tab.Prove(salt, row[0])
			if err != nil {
				t.Fatal(err)
			}
			if err := p.Verify(ref); err != nil {
				t.Fatalf("row %d of %d: %v", i, n, err)
			}
			want, err := tlog.ProveRecord(int64(n), int64(i), reader)
			if err != nil || len(want) != len(p.Path) {
				t.Fatalf("row %d of %d: path of %d, want %d (%v)", i, n, len(p.Path), len(want), err)
			}
			for j := range want {
				if ID(want[j]) != p.Path[j] {
					t.Fatalf("row %d of %d: step %d differs", i, n, j)
				}
			}
			for j := range n + 2 {
				q := p
				q.Index = uint64(j)
				if err := q.Verify(ref); (err == nil) != (j == i) {
					t.Fatalf("row %d of %d shown as %d: %v", i, n, j, err)
				}
			}
			for size := range uint64(n + 3) {
				other := ref
				other.Rows = size
				if err := p.Verify(other); err == nil && size != ref.Rows && levels(size-1) != levels(ref.Rows-1) {
					t.Fatalf("row %d of %d verifies in %d", i, n, size)
				}
			}
		}
	}
}

// levels is the number of levels above the leaves; sizes of one height can share a path, and the digest of the part binds
// the size.
func levels(n uint64) (b int) {
	for ; n > 0; n >>= 1 {
		b++
	}
	return b
}

func TestMutatedRowProofs(t *testing.T) {
	salt := Salt{4}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 40).Draw(t, "rows")
		tab := table(n)
		i := rapid.IntRange(0, n-1).Draw(t, "row")
		ref := PartRef{Name: RowsPart, Rows: uint64(n), Root: tab.root(salt)}
		for name, edit := range map[string]func(p *RowProof) bool{
			"cell":     func(p *RowProof) bool { p.Row[1] += "0"; return true },
			"key":      func(p *RowProof) bool { p.Row[0] += "0"; return true },
			"cells":    func(p *RowProof) bool { p.Row[0], p.Row[1] = p.Row[1], p.Row[0]; return true },
			"column":   func(p *RowProof) bool { p.Columns[1] = "other"; return true },
			"fewer":    func(p *RowProof) bool { p.Row = p.Row[:1]; return true },
			"no row":   func(p *RowProof) bool { p.Row, p.Columns = nil, nil; return true },
			"moved":    func(p *RowProof) bool { p.Columns, p.Row = []string{"key", "value", p.Row[0]}, p.Row[1:]; return true },
			"salt":     func(p *RowProof) bool { p.Salt[0] ^= 1; return true },
			"index":    func(p *RowProof) bool { p.Index = ref.Rows; return true },
			"longer":   func(p *RowProof) bool { p.Path = append(p.Path, ID{}); return true },
			"too long": func(p *RowProof) bool { p.Path = make([]ID, 65); return true },
			"shorter": func(p *RowProof) bool {
				if len(p.Path) == 0 {
					return false
				}
				p.Path = p.Path[:len(p.Path)-1]
				return true
			},
			"step": func(p *RowProof) bool {
				if len(p.Path) == 0 {
					return false
				}
				p.Path[rapid.IntRange(0, len(p.Path)-1).Draw(t, "step")][0] ^= 1
				return true
			},
		} {
			p, err := tab.Prove(salt, tab.Rows[i][0])
			if err != nil {
				t.Fatal(err)
			}
			p.Row, p.Columns = slices.Clone(p.Row), slices.Clone(p.Columns)
			if edit(&p) {
				if err := p.Verify(ref); !errors.Is(err, ErrPart) {
					t.Fatalf("%s: %v", name, err)
				}
			}
		}
	})
	if err := (RowProof{Columns: []string{"key"}, Row: []string{"a"}}).Verify(PartRef{}); !errors.Is(err, ErrPart) {
		t.Errorf("a row of a part without rows: %v", err)
	}
	// A signer can put a root over anything; what it shows must still be a row, at the depth of its tree.
	for name, p := range map[string]RowProof{
		"more cells than columns": {Columns: []string{"key"}, Row: []string{"a", "b"}},
		"no cells":                {},
	} {
		leaf := ID(sha(appendLeaf(nil, appendTexts(nil, p.Columns), p.Row, p.Salt)))
		if err := p.Verify(PartRef{Rows: 1, Root: leaf}); !errors.Is(err, ErrPart) {
			t.Errorf("%s: %v", name, err)
		}
	}
	one, err := table(1).Prove(salt, "row-000")
	if err != nil {
		t.Fatal(err)
	}
	one.Path = []ID{fixedID("x")}
	if err := one.Verify(PartRef{Rows: 1, Root: nodeHash(one.Path[0], table(1).root(salt))}); !errors.Is(err, ErrPart) {
		t.Errorf("a path above the root: %v", err)
	}
	if _, err := table(3).Prove(salt, "no such"); err == nil {
		t.Error("a row that is not there was proved")
	}
}

func TestRowSaltsDiffer(t *testing.T) {
	seen := map[Salt]bool{}
	for _, s := range []Salt{{1}, {2}} {
		for _, key := range []string{"", "a", "b", "a\x00"} {
			seen[RowSalt(s, key)] = true
		}
	}
	if len(seen) != 8 {
		t.Errorf("%d salts of 8", len(seen))
	}
	tab := table(5)
	for i, l := range tab.leaves(Salt{7}) { // the fast way is the plain way
		leaf := ID(sha(append([]byte{0}, mustMarshal(t, []any{RowSalt(Salt{7}, tab.Rows[i][0]), tab.Columns, tab.Rows[i]})...)))
		if l != leaf {
			t.Errorf("leaf %d differs", i)
		}
	}
}

func TestTableIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tab := Table{Columns: append([]string{"key"}, rapid.SliceOfNDistinct(rapid.StringMatching(`[a-jl-z]{1,6}`), 0, 4, rapid.ID[string]).Draw(t, "columns")...)}
		keys := rapid.SliceOfNDistinct(rapid.StringN(1, 8, 40), 1, 20, rapid.ID[string]).Draw(t, "keys")
		slices.Sort(keys)
		for _, k := range keys {
			row := []string{k}
			for range len(tab.Columns) - 1 {
				row = append(row, rapid.String().Draw(t, "cell"))
			}
			tab.Rows = append(tab.Rows, row)
		}
		b, err := tab.Encode()
		if err != nil {
			t.Fatal(err)
		}
		general, err := Marshal(tab)
		if err != nil || !bytes.Equal(b, general) {
			t.Fatalf("the table is not the CBOR of its struct: %v", err)
		}
		got, err := ParseTable(b)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(tab, got); d != "" {
			t.Fatal(d)
		}
	})
}

func TestTablesRefused(t *testing.T) {
	wide := Table{Columns: make([]string, MaxColumns+1), Rows: [][]string{make([]string, MaxColumns+1)}}
	for i := range wide.Columns {
		wide.Columns[i] = string(rune('a' + i))
	}
	wide.Columns[0] = "key"
	for name, tab := range map[string]Table{
		"keys descend":     {Columns: []string{"key"}, Rows: [][]string{{"b"}, {"a"}}},
		"keys doubled":     {Columns: []string{"key"}, Rows: [][]string{{"a"}, {"a"}}},
		"an empty key":     {Columns: []string{"key"}, Rows: [][]string{{""}}},
		"no rows":          {Columns: []string{"key"}},
		"no columns":       {Rows: [][]string{{}}},
		"a first column":   {Columns: []string{"id"}, Rows: [][]string{{"a"}}},
		"columns doubled":  {Columns: []string{"key", "key"}, Rows: [][]string{{"a", "b"}}},
		"an empty column":  {Columns: []string{"key", ""}, Rows: [][]string{{"a", "b"}}},
		"a cell too few":   {Columns: []string{"key", "v"}, Rows: [][]string{{"a"}}},
		"a cell too many":  {Columns: []string{"key"}, Rows: [][]string{{"a", "b"}}},
		"broken UTF-8":     {Columns: []string{"key"}, Rows: [][]string{{"\xff"}}},
		"too many columns": wide,
		"too many rows":    {Columns: []string{"key"}, Rows: make([][]string, MaxRows+1)},
	} {
		if _, err := tab.Encode(); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: encoded: %v", name, err)
		}
		if _, err := ParseTable(mustMarshal(t, tab)); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: parsed: %v", name, err)
		}
	}
	good := mustMarshal(t, Table{Columns: []string{"key"}, Rows: [][]string{{"a"}}}) // a2 01 81 63 "key" 02 81 81 61 "a"
	for i := range good {
		for bit := range 8 {
			b := bytes.Clone(good)
			b[i] ^= 1 << bit
			if tab, err := ParseTable(b); err == nil {
				if again, err := tab.Encode(); err != nil || !bytes.Equal(again, b) {
					t.Errorf("%x does not encode to itself", b)
				}
			}
		}
		if _, err := ParseTable(good[:i]); !errors.Is(err, ErrFormat) {
			t.Errorf("cut at %d: %v", i, err)
		}
	}
	for name, b := range map[string][]byte{
		"a tail":             append(bytes.Clone(good), 0),
		"a tag":              append([]byte{0xc1}, good...),
		"200,000 rows said":  {0xa2, 1, 0x81, 0x63, 'k', 'e', 'y', 2, 0x9a, 0, 3, 0x0d, 0x40, 0x81, 0x61, 'a'},
		"2^63 rows said":     {0xa2, 1, 0x81, 0x63, 'k', 'e', 'y', 2, 0x9b, 0x80, 0, 0, 0, 0, 0, 0, 0, 0x81, 0x61, 'a'},
		"indefinite rows":    {0xa2, 1, 0x81, 0x63, 'k', 'e', 'y', 2, 0x9f, 0x81, 0x61, 'a', 0xff},
		"a long count":       {0xa2, 1, 0x98, 1, 0x63, 'k', 'e', 'y', 2, 0x81, 0x81, 0x61, 'a'},
		"a null row":         {0xa2, 1, 0x81, 0x63, 'k', 'e', 'y', 2, 0x81, 0xf6},
		"a cell of bytes":    {0xa2, 1, 0x81, 0x63, 'k', 'e', 'y', 2, 0x81, 0x81, 0x41, 'a'},
		"a cell of a number": {0xa2, 1, 0x81, 0x63, 'k', 'e', 'y', 2, 0x81, 0x81, 0x01},
		"fields swapped":     {0xa2, 2, 0x81, 0x81, 0x61, 'a', 1, 0x81, 0x63, 'k', 'e', 'y'},
		"a third field":      {0xa3, 1, 0x81, 0x63, 'k', 'e', 'y', 2, 0x81, 0x81, 0x61, 'a', 3, 0},
	} {
		if _, err := ParseTable(b); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestHostileCountsAllocateNothing: 200,000 rows of 32 cells are declared in a few bytes.
func TestHostileCountsAllocateNothing(t *testing.T) {
	b := append(appendHead(nil, majorMap, 2), 1)
	columns := []string{"key"}
	for i := 1; i < MaxColumns; i++ {
		columns = append(columns, string(rune('A'+i)))
	}
	b = appendHead(append(appendTexts(b, columns), 2), majorArray, MaxRows)
	b = append(b, make([]byte, MaxRows)...)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := ParseTable(b)
	runtime.ReadMemStats(&after)
	if !errors.Is(err, ErrFormat) {
		t.Fatal(err)
	}
	if got := after.TotalAlloc - before.TotalAlloc; got > 2*uint64(len(b)) {
		t.Errorf("%d bytes allocated for %d received", got, len(b))
	}
}
