package node

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"entente"
	"entente/record"
	"entente/store"
	"entente/territory"
)

// BoundaryFolder is where a node's folder keeps the boundary files that its charters name. Their names do not matter.
const BoundaryFolder = "boundaries"

// boundaries are the boundary files that were asked for, by digest. The folder is read again where one is missing, so that a file
// put there counts without a restart.
type boundaries struct {
	dir   string
	mu    sync.Mutex
	known map[record.ID]*territory.Boundary
	paths map[record.ID]string
	read  map[string]bool // files that were looked at, by name, size and time
}

func boundariesIn(dir string) boundaries {
	return boundaries{dir: filepath.Join(dir, BoundaryFolder), known: map[record.ID]*territory.Boundary{}, paths: map[record.ID]string{}, read: map[string]bool{}}
}

func (s *boundaries) find(digest record.ID) *territory.Boundary {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.known[digest]; b != nil {
		return b
	}
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return nil
	}
	for _, e := range entries {
		i, err := e.Info()
		if err != nil || !i.Mode().IsRegular() || i.Size() > territory.MaxFile {
			continue
		}
		tag := fmt.Sprint(e.Name(), i.Size(), i.ModTime().UnixNano())
		if s.read[tag] {
			continue
		}
		s.read[tag] = true
		f, err := os.ReadFile(filepath.Join(s.dir, e.Name()))
		if err != nil {
			continue
		}
		id := record.ID(sha256.Sum256(f))
		if b := shared(id, f); b != nil {
			s.known[id], s.paths[id] = b, filepath.Join(s.dir, e.Name())
		}
	}
	return s.known[digest]
}

// files that several nodes of one process have read: a boundary never changes under its digest.
var files struct {
	sync.Mutex
	m map[record.ID]*territory.Boundary
}

func shared(id record.ID, file []byte) *territory.Boundary {
	files.Lock()
	defer files.Unlock()
	if b := files.m[id]; b != nil {
		return b
	}
	b, err := territory.Parse(file)
	if err != nil {
		return nil
	}
	if files.m == nil {
		files.m = map[record.ID]*territory.Boundary{}
	}
	files.m[id] = b
	return b
}

// AddBoundary keeps a boundary file in the node's folder. Errors wrap territory.ErrBoundary.
func (n *Node) AddBoundary(file []byte) (*territory.Boundary, error) {
	b, err := territory.Parse(file)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if err := os.MkdirAll(n.boundaries.dir, 0o700); err != nil {
		return nil, err
	}
	if err := replaceFile(filepath.Join(n.dir, filepath.FromSlash(boundaryName(sha256.Sum256(file)))), file); err != nil {
		return nil, fmt.Errorf("boundary: %w", err)
	}
	return b, nil
}

// TakeBoundary keeps a boundary file for who sets the node up.
func (n *Node) TakeBoundary(who Caller, file []byte) (*territory.Boundary, error) {
	if err := n.setsUp(who); err != nil {
		return nil, err
	}
	return n.AddBoundary(file)
}

// BoundaryFile is a boundary file as it lies here, to be handed to another party: every node of a group needs the same bytes.
func (n *Node) BoundaryFile(who Caller, digest record.ID) ([]byte, error) {
	if err := n.setsUp(who); err != nil {
		return nil, err
	}
	_, paths := n.boundaryFiles()
	path, ok := paths[boundaryName(digest)]
	if !ok {
		return nil, fmt.Errorf("boundary: %w", ErrNotFound)
	}
	return os.ReadFile(path)
}

// Boundaries are the boundary data that this node holds, by name.
func (n *Node) Boundaries() []*territory.Boundary {
	n.boundaries.find(record.ID{}) // reads what is new in the folder
	n.boundaries.mu.Lock()
	defer n.boundaries.mu.Unlock()
	return slices.SortedFunc(maps.Values(n.boundaries.known), func(a, b *territory.Boundary) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Hex(), b.Hex()))
	})
}

// boundaryFiles are the files of what Boundaries says, by the names that they have in a backup. One that is gone from the folder
// is left out: its charter names it by digest, and whoever has the file can put it back.
func (n *Node) boundaryFiles() (names []string, paths map[string]string) {
	n.boundaries.find(record.ID{})
	n.boundaries.mu.Lock()
	defer n.boundaries.mu.Unlock()
	paths = map[string]string{}
	for id, path := range n.boundaries.paths {
		name := boundaryName(id)
		if f, err := describe(name, path); err == nil && f.SHA256 == id {
			names, paths[name] = append(names, name), path
		}
	}
	slices.Sort(names)
	return names, paths
}

// boundaryName is the name of a boundary file in a node's folder and in a backup: what it holds, and nothing of a user's.
func boundaryName(digest record.ID) string {
	return BoundaryFolder + "/" + digest.String() + ".boundary"
}

// HoldsBoundary says whether this node holds the boundary data that a charter names. Without them nothing that needs them counts here.
func (n *Node) HoldsBoundary(b *entente.Boundary) bool {
	return b == nil || n.boundaries.find(b.Digest) != nil
}

// Boundary is the boundary data that the charter in force names, nil where it names none. ErrConflict: it is not here.
func (n *Node) Boundary(group record.ID) (*territory.Boundary, error) {
	g, err := n.find(group)
	if err != nil {
		return nil, err
	}
	_, c := g.ledger.Charter()
	if c == nil || c.Boundary == nil {
		return nil, nil
	}
	if b := n.boundaries.find(c.Boundary.Digest); b != nil {
		return b, nil
	}
	return nil, needsBoundary(c.Boundary)
}

func needsBoundary(b *entente.Boundary) error {
	return fmt.Errorf("%w: %w", ErrConflict, record.Because("boundary.missing",
		"the boundary data %q is not here: put the file with the SHA-256 %s into the node's folder boundaries", b.Name, b.Digest))
}

// ledger starts a group's ledger with this node's boundary data.
func (n *Node) ledger(founding []byte) (*entente.Ledger, error) {
	l, err := entente.NewLedger(n.kinds, founding)
	if err != nil {
		return nil, err
	}
	l.Boundary = n.boundaries.find
	return l, nil
}

// Ready reports whether the boundary data is here by which a header is judged (consent.Equipped).
func (s *source) Ready(h *record.Header) bool { return s.g.ledger.Ready(h) }

// setArea computes the cells of a proposal's area from its shape: wider than the truth, never narrower.
func (n *Node) setArea(g *group, k *entente.Kind, h *record.Header, parts []NewPart) error {
	if k.Area == nil || h.Verb != record.Propose {
		return nil
	}
	b, err := n.Boundary(g.id)
	if err != nil {
		return err
	}
	for _, p := range parts {
		if p.Name != entente.ShapePart {
			continue
		}
		a, err := territory.ParseGeoJSON(p.Content)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrInvalid, err)
		}
		h.Area = a.Cells(b)
	}
	return nil
}

// checkPlace refuses a consent to a text whose cells do not contain its shape: other nodes would ask other hosts.
func (w *work) checkPlace(id record.ID, text *record.Header, pos store.Pos) error {
	if _, ok := text.Part(entente.ShapePart); !ok || len(text.Area) == 0 {
		return nil
	}
	p, err := store.Part(w.b.tx, pos, id, entente.ShapePart)
	if err != nil {
		return w.b.fail(err)
	}
	a, err := territory.ParseGeoJSON(p.Content)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrConflict, record.Because("area.shape", "the shape of the text is none: call your counterpart"))
	}
	if !territory.Covers(text.Area, a) {
		return fmt.Errorf("%w: %w", ErrConflict, record.Because("area.covers", "the area in the cover data does not contain the shape of the text: do not sign; call your counterpart"))
	}
	return nil
}

// knowsCharter refuses to sign a charter whose boundary data is not here: nothing that needs it would count.
func (w *work) knowsCharter(c *entente.Charter) error {
	if b := w.ledger.MissingBoundary(c); b != nil {
		return needsBoundary(b)
	}
	return nil
}

// charterIn is the charter that an act proposes or signs, nil where it is about something else.
func charterIn(w *work, text, h *record.Header) *entente.Charter {
	if h.Version == w.id {
		return w.ledger.Founding()
	}
	if text.Kind != "charter" {
		return nil
	}
	c := new(entente.Charter)
	if record.Unmarshal(text.Terms, c) != nil {
		return nil
	}
	return c
}
