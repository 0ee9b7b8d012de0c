package territory

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/golang/geo/s2"
)

// ErrBoundary: it is no boundary file that this program reads.
var ErrBoundary = errors.New("no boundary file")

// magic starts a boundary file. The rest is: the length of the description and the description (JSON); then, all numbers as
// varints, the lists of leaf ranges in the order of Boundary.lists, each as its count and the gap before and length of every
// range in leaf cells; then each party's countries, as their number and, per country, the number of its loops and, per loop, its points as differences
// of 10⁻⁷ degrees. A file has one form: what does not encode to itself is refused, so that a digest names one boundary.
const magic = "entente boundary 1\n"

// Info describes boundary data: what a page shows beside every answer.
type Info struct {
	Name        string   `json:"name"`
	Source      string   `json:"source"`      // data set and version
	Date        string   `json:"date"`        // of the data, YYYY-MM-DD or YYYY
	Licence     string   `json:"licence"`     // of the data
	Attribution string   `json:"attribution"` // as the licence wants it
	BandM       int64    `json:"band_m"`      // within it a party is notified; it covers the error of the data
	Parties     []string `json:"parties"`     // ascending
}

// country is the loops of one: what an odd number of them contains.
type country [][]Position

// Boundary is boundary data in memory: territory (land and territorial sea) of parties, and of all other states as one.
type Boundary struct {
	Info
	digest [sha256.Size]byte
	lists  []ranges    // per party its territory and its band; then other states, and land
	lands  [][]country // per party; countries may overlap, as a territory and a state that counts it in do
	exact  []*exact
	drawn  drawn
}

func (b *Boundary) territory(i int) *ranges { return &b.lists[2*i] }
func (b *Boundary) band(i int) *ranges      { return &b.lists[2*i+1] }
func (b *Boundary) others() *ranges         { return &b.lists[2*len(b.Parties)] }
func (b *Boundary) land() *ranges           { return &b.lists[2*len(b.Parties)+1] }

// Digest is SHA-256 of the file, by which a charter names it.
func (b *Boundary) Digest() [sha256.Size]byte { return b.digest }

// Hex is the digest in hex digits, as sha256sum prints it.
func (b *Boundary) Hex() string { return hex.EncodeToString(b.digest[:]) }

// Finding says in whose territory cells lie. It is computed from integers alone: the same on every machine.
type Finding struct {
	Hosts    []string // parties in whose territory a cell lies or may lie, ascending
	Notified []string // other parties whose band a cell meets
	Others   bool     // a cell meets the territory of a state that is no party
	Land     bool     // a cell meets land
}

// Locate says in whose territory the cells lie.
func (b *Boundary) Locate(cells []uint64) Finding {
	var f Finding
	meets := func(r *ranges) bool {
		return slices.ContainsFunc(cells, func(c uint64) bool { return r.relation(s2.CellID(c)) != none })
	}
	for i, p := range b.Parties {
		if meets(b.territory(i)) {
			f.Hosts = append(f.Hosts, p)
		} else if meets(b.band(i)) {
			f.Notified = append(f.Notified, p)
		}
	}
	f.Others = meets(b.others())
	f.Land = meets(b.land())
	return f
}

func (i *Info) check() error {
	for _, s := range []string{i.Name, i.Source, i.Date, i.Licence, i.Attribution} {
		if s == "" || len(s) > maxText || !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return fmt.Errorf("name, source, date, licence and attribution are plain text of 1 to %d bytes", maxText)
		}
	}
	if i.BandM < 0 || i.BandM > MaxBand {
		return fmt.Errorf("a band of %d m: want 0 to %d", i.BandM, MaxBand)
	}
	if len(i.Parties) == 0 || len(i.Parties) > maxParties {
		return fmt.Errorf("%d parties: want 1 to %d", len(i.Parties), maxParties)
	}
	for n, p := range i.Parties {
		if len(p) < 2 || len(p) > 8 || strings.Trim(p, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" || n > 0 && i.Parties[n-1] >= p {
			return fmt.Errorf("party %.20q: want 2 to 8 capital letters, ascending without doubles", p)
		}
	}
	return nil
}

// encode writes the file and sets the digest.
func (b *Boundary) encode() ([]byte, error) {
	if err := b.check(); err != nil {
		return nil, err
	}
	info, err := json.Marshal(b.Info)
	if err != nil {
		return nil, err
	}
	out := []byte(magic)
	put := func(v uint64) { out = binary.AppendUvarint(out, v) }
	put(uint64(len(info)))
	out = append(out, info...)
	for _, r := range b.lists {
		put(uint64(len(r.lo)))
		last := uint64(0)
		for i := range r.lo {
			put((r.lo[i] - last) >> 1)
			put((r.hi[i] - r.lo[i]) >> 1)
			last = r.hi[i]
		}
	}
	for _, countries := range b.lands {
		put(uint64(len(countries)))
		for _, loops := range countries {
			put(uint64(len(loops)))
			for _, l := range loops {
				put(uint64(len(l)))
				var p Position
				for _, q := range l {
					out = binary.AppendVarint(out, int64(q.Lat)-int64(p.Lat))
					out = binary.AppendVarint(out, int64(q.Lon)-int64(p.Lon))
					p = q
				}
			}
		}
	}
	b.digest = sha256.Sum256(out)
	b.exact = make([]*exact, len(b.Parties))
	for i := range b.exact {
		b.exact[i] = &exact{}
	}
	return out, nil
}

// Parse reads a boundary file. Errors wrap ErrBoundary.
func Parse(file []byte) (*Boundary, error) {
	b, err := parse(file)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBoundary, err)
	}
	return b, nil
}

var errShort = errors.New("it ends too early")

type reader struct {
	b   []byte
	err error
}

func (r *reader) uint(limit uint64) uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 || v > limit || n > 1 && r.b[n-1] == 0 {
		r.err = cmpErr(r.err, errShort)
		r.b = nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) int() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 || n > 1 && r.b[n-1] == 0 {
		r.err = cmpErr(r.err, errShort)
		r.b = nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

func cmpErr(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// lastLeaf is above every leaf cell's id.
const lastLeaf = 6 << 61

func parse(file []byte) (*Boundary, error) {
	if len(file) > MaxFile {
		return nil, fmt.Errorf("it has %d bytes, the limit is %d", len(file), MaxFile)
	}
	rest, ok := bytes.CutPrefix(file, []byte(magic))
	if !ok {
		return nil, fmt.Errorf("it does not start with %q: make one with entente boundaries build", strings.TrimSpace(magic))
	}
	r := &reader{b: rest}
	n := r.uint(maxInfo)
	if r.err != nil || uint64(len(r.b)) < n {
		return nil, errShort
	}
	b := &Boundary{}
	info := r.b[:n]
	r.b = r.b[n:]
	d := json.NewDecoder(bytes.NewReader(info))
	d.DisallowUnknownFields()
	if err := d.Decode(&b.Info); err != nil {
		return nil, fmt.Errorf("its description: %w", err)
	}
	if again, err := json.Marshal(b.Info); err != nil || !bytes.Equal(again, info) {
		return nil, errors.New("its description is not in its one form")
	}
	if err := b.check(); err != nil {
		return nil, err
	}
	b.lists = make([]ranges, 2*len(b.Parties)+2)
	for i := range b.lists {
		if err := b.lists[i].read(r); err != nil {
			return nil, err
		}
	}
	for range b.Parties {
		n := r.uint(maxLoops)
		if r.err != nil || n > uint64(len(r.b)) {
			return nil, errShort
		}
		var countries []country
		for range n {
			loops, err := readLoops(r)
			if err != nil {
				return nil, err
			}
			countries = append(countries, loops)
		}
		b.lands = append(b.lands, countries)
		b.exact = append(b.exact, &exact{})
	}
	if len(r.b) > 0 {
		return nil, errors.New("something follows its end")
	}
	b.digest = sha256.Sum256(file)
	return b, nil
}

func (r *ranges) read(in *reader) error {
	n := in.uint(maxRanges)
	if in.err != nil || n > uint64(len(in.b)) { // a range takes two bytes or more
		return errShort
	}
	r.lo, r.hi = make([]uint64, n), make([]uint64, n)
	last := uint64(0)
	for i := range n {
		gap, length := in.uint(lastLeaf), in.uint(lastLeaf)
		lo := last + gap<<1
		if i == 0 {
			lo++
		}
		hi := lo + length<<1
		if in.err != nil {
			return errShort
		}
		if i > 0 && gap < 2 || lo > lastLeaf || hi > lastLeaf || hi < lo {
			return errors.New("ranges ascend and stand apart")
		}
		r.lo[i], r.hi[i] = lo, hi
		last = hi
	}
	return nil
}

func readLoops(in *reader) (country, error) {
	n := in.uint(maxLoops)
	if in.err != nil || n > uint64(len(in.b)) {
		return nil, errShort
	}
	loops := make([][]Position, 0, n)
	total := uint64(0)
	for range n {
		m := in.uint(maxPoints)
		if total += m; in.err != nil || total > maxPoints || m > uint64(len(in.b)) {
			return nil, errShort
		}
		if m < 3 {
			return nil, errors.New("an outline has three points or more")
		}
		l := make([]Position, m)
		var lat, lon int64
		for i := range l {
			lat, lon = lat+in.int(), lon+in.int()
			if in.err != nil {
				return nil, errShort
			}
			if lat < -90*degree || lat > 90*degree || lon < -180*degree || lon > 180*degree {
				return nil, errors.New("a point of an outline is not on the globe")
			}
			l[i] = Position{int32(lat), int32(lon)}
		}
		loops = append(loops, l)
	}
	return loops, nil
}

// drawn is the outline for maps; it is made when it is first asked.
type drawn struct {
	once sync.Once
	json []byte
}

// exact finds distances to one party's territory; its index is made when it is first asked.
type exact struct {
	once   sync.Once
	index  *s2.ShapeIndex
	inside []*edges   // of each country
	heads  []s2.Point // one point of each loop
}
