// Package opc reads and writes the packages that office files are: a zip of XML parts, joined by relationships (ECMA-376 part 2,
// Open Packaging Conventions).
//
// What comes from outside is read within bounds that the caller states: no entry, no token and no tree of elements grows past
// them, whatever the sizes declared in the file. DOCTYPE and entities are refused. Nothing is extracted, nothing touches a disk.
package opc

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"strings"
)

var (
	// ErrFormat says that the bytes are no package, or a damaged one.
	ErrFormat = errors.New("not a readable office file")
	// ErrTooLarge says that the package goes past a bound.
	ErrTooLarge = errors.New("the office file goes past a bound")
	// ErrEncrypted says that the package is protected by a password.
	ErrEncrypted = errors.New("the office file is protected by a password: save it without one")
	// ErrNoPart says that the package has no part of that name.
	ErrNoPart = errors.New("the office file has no such part")
)

// Limits of one package; each user of this package states its own, with reasons. All must be positive.
type Limits struct {
	File     int64 // bytes of the zip
	Entries  int   // entries of the zip
	Unpacked int64 // bytes of all entries together, unpacked
	Ratio    int64 // unpacked bytes per packed byte, of entries that unpack to more than a MiB
	Token    int   // bytes of one XML token: a tag with its attributes, or a run of text
	Depth    int   // nested elements
}

// small is what an entry may unpack to at any ratio: a short part of one repeated letter is no bomb.
const small = 1 << 20

// A Package is an opened zip within its limits. It reads r when a part is opened and holds no part in memory.
type Package struct {
	parts  map[string]*zip.File // by lower-case name without leading slash
	limits Limits
}

// Open reads the directory of the zip and checks it against the limits. Errors wrap ErrFormat, ErrTooLarge or ErrEncrypted.
func Open(r io.ReaderAt, size int64, l Limits) (*Package, error) {
	if size > l.File {
		return nil, fmt.Errorf("%w: %d bytes, the limit is %d", ErrTooLarge, size, l.File)
	}
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	if len(z.File) > l.Entries {
		return nil, fmt.Errorf("%w: %d entries, the limit is %d", ErrTooLarge, len(z.File), l.Entries)
	}
	p := &Package{parts: make(map[string]*zip.File, len(z.File)), limits: l}
	packed, unpacked := uint64(0), uint64(0)
	for _, f := range z.File {
		if f.Flags&1 != 0 {
			return nil, ErrEncrypted
		}
		if f.CompressedSize64 > uint64(size) || f.UncompressedSize64 > uint64(l.Unpacked) {
			return nil, fmt.Errorf("%w: the entry %.80q unpacks to %d bytes, the limit is %d", ErrTooLarge, f.Name, f.UncompressedSize64, l.Unpacked)
		}
		if f.UncompressedSize64 > small && f.UncompressedSize64/uint64(l.Ratio) > f.CompressedSize64 {
			return nil, fmt.Errorf("%w: the entry %.80q unpacks %d bytes to %d, the limit is %d for one", ErrTooLarge, f.Name, f.CompressedSize64, f.UncompressedSize64, l.Ratio)
		}
		packed, unpacked = packed+f.CompressedSize64, unpacked+f.UncompressedSize64
		name := key(f.Name)
		if _, twice := p.parts[name]; twice {
			return nil, fmt.Errorf("%w: two entries %.80q", ErrFormat, f.Name)
		}
		p.parts[name] = f
	}
	if unpacked > uint64(l.Unpacked) {
		return nil, fmt.Errorf("%w: it unpacks to %d bytes, the limit is %d", ErrTooLarge, unpacked, l.Unpacked)
	}
	if packed > uint64(size) { // entries that share bytes are how a small zip unpacks to terabytes
		return nil, fmt.Errorf("%w: its entries overlap", ErrFormat)
	}
	return p, nil
}

// key is a part's name as OPC compares names: without regard to case.
func key(name string) string {
	return strings.ToLower(strings.TrimPrefix(strings.ReplaceAll(name, `\`, "/"), "/"))
}

// Has reports whether there is a part of that name.
func (p *Package) Has(name string) bool { return p.parts[key(name)] != nil }

// Open gives the bytes of a part, never more than its entry declared. The caller closes it.
func (p *Package) Open(name string) (io.ReadCloser, error) {
	f := p.parts[key(name)]
	if f == nil {
		return nil, fmt.Errorf("%w: %.80q", ErrNoPart, name)
	}
	r, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("%w: opening %.80q: %w", ErrFormat, name, err)
	}
	return &entry{r: r, left: int64(f.UncompressedSize64), name: f.Name}, nil
}

// entry reads an entry up to its declared size; what comes after it would evade the checks of Open.
type entry struct {
	r    io.ReadCloser
	left int64
	name string
}

func (e *entry) Read(b []byte) (int, error) {
	if e.left < 0 {
		return 0, fmt.Errorf("%w: the entry %.80q is longer than it says", ErrFormat, e.name)
	}
	if int64(len(b)) > e.left+1 {
		b = b[:e.left+1]
	}
	n, err := e.r.Read(b)
	e.left -= int64(n)
	if e.left < 0 {
		return 0, fmt.Errorf("%w: the entry %.80q is longer than it says", ErrFormat, e.name)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = fmt.Errorf("%w: reading %.80q: %w", ErrFormat, e.name, err)
	}
	return n, err
}

func (e *entry) Close() error { return e.r.Close() }
