package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"entente"
	"entente/node"
	"entente/record"
)

// marker stands in a folder that the example made and may therefore replace.
const marker = ".entente-example"

// ErrFolder: the folder holds something that the example did not make.
var ErrFolder = errors.New("the folder is not the example's")

// Result is what a run of the example prints.
type Result struct {
	Groups       []GroupResult           `json:"groups"`
	Parties      []record.Party          `json:"parties"`
	Records      map[record.Party]uint64 `json:"records"`
	Instruments  int                     `json:"instruments"`
	InForce      int                     `json:"in_force"`
	Pending      int                     `json:"pending"`
	Observations int                     `json:"observations"` // figures reported
	SameState    bool                    `json:"same_state"`   // equal digests of state at equal cuts, in every group
	Check        map[record.Party]bool   `json:"check"`
	Evidence     EvidenceResult          `json:"evidence"`
	Seconds      float64                 `json:"seconds"`
	Dir          string                  `json:"dir"`

	Offices map[record.Party][]string `json:"offices"` // who can sign in
	Tour    []Stop                    `json:"tour"`    // five minutes, in this order

	commitments map[Key]placed // where each commitment of the content stands
}

type placed struct {
	group, id record.ID
	scenario  Scenario
}

// GroupResult is one group of the example.
type GroupResult struct {
	ID          record.ID      `json:"id"`
	Track       string         `json:"track"`
	Name        string         `json:"name"`
	Instruments map[string]int `json:"instruments"` // by kind
	State       record.ID      `json:"state"`       // the common digest
}

// Stop is one page of the round, on the node of a party.
type Stop struct {
	Party  record.Party `json:"party"`
	Office string       `json:"office"`
	Path   string       `json:"path"`
	What   string       `json:"what"`
}

// tour is the round of a visitor: what is owed and late first, keys and ledgers last.
func (r *Result) tour(x *story) {
	at := func(parts ...string) string {
		return "/g/" + string(x.g.Key) + "-" + x.id.Short() + "/" + strings.Join(parts, "/")
	}
	stop := func(p record.Party, office, path, what string) { r.Tour = append(r.Tour, Stop{p, office, path, what}) }
	stop("MX", "foreign-secretary", at("minister"), "the minister's page: owed, late, three decisions needed")
	stop("MX", "foreign-secretary", at("i", x.ids["c-arms-1"].String()), "a late commitment and its proof")
	stop("MX", "foreign-secretary", at("indicators", x.codes["extraditions"].String()), "\"55\": extraditions apart from transfers")
	stop("US", "desk", at("meetings"), "the coming meeting, whose agenda builds itself")
	stop("US", "foreign-secretary", at("i", x.ids["c-tunnels-4"].String()), "a text that waits for this side's signature")
	if id := x.ids["a-tunnel"]; !id.IsZero() {
		stop("MX", "foreign-secretary", at("i", id.String()), "a tunnel: México has not agreed; agree, then stop it with one click")
	}
	stop("MX", "foreign-secretary", at("records"), "whose server is it? yours: what each side holds")
	stop("US", "", "/public", "what both sides published, without signing in")
}

// EvidenceResult is the proof that was exported and checked.
type EvidenceResult struct {
	File     string `json:"file"`
	Verified bool   `json:"verified"`
	Grade    string `json:"grade"`
}

// Options of a run.
type Options struct {
	Dir      string                             // made anew; a folder the example did not make is refused
	Progress func(done, total int, what string) // may be nil
}

// Run plays both groups from their founding to the present on two nodes over their real connection, checks both nodes, and
// exports and verifies a proof. The nodes are closed when it returns; their folders stay.
func Run(ctx context.Context, o Options) (*Result, error) {
	began := time.Now()
	if err := prepare(o.Dir); err != nil {
		return nil, err
	}
	security, err := Security()
	if err != nil {
		return nil, err
	}
	trade, err := Trade()
	if err != nil {
		return nil, err
	}
	groups, end := []*Group{security, trade}, began.Unix()
	first := 0
	for _, g := range groups {
		first = min(first, newStory(nil, g, end).first())
	}
	s, err := newStage(ctx, o.Dir, end+int64(first)*day, groups)
	if err != nil {
		return nil, err
	}
	defer func() { _ = s.close() }()
	file, err := readBoundary()
	if err != nil {
		return nil, err
	}
	if s.land, err = s.named(file); err != nil {
		return nil, err
	}
	if err := s.plug(context.WithoutCancel(ctx)); err != nil {
		return nil, err
	}
	res := &Result{Parties: s.order, Records: map[record.Party]uint64{}, Check: map[record.Party]bool{}, SameState: true, Dir: o.Dir, commitments: map[Key]placed{}}
	stories, total, done := []*story{}, 0, 0
	for _, g := range groups {
		x := newStory(s, g, end)
		if err := x.plan(); err != nil {
			return nil, err
		}
		stories, total = append(stories, x), total+len(x.events)
	}
	total += 2 * len(s.order)
	tick := func(what string) {
		done++
		if o.Progress != nil {
			o.Progress(done, total, what)
		}
	}
	for _, x := range stories {
		s.clock.Store(end + int64(x.first())*day)
		s.last = ""
		if x.id, err = s.found(ctx, x.g, s.clock.Load()); err != nil {
			return nil, fmt.Errorf("found %s: %w", x.g.Key, err)
		}
		if err := x.play(ctx, tick); err != nil {
			return nil, err
		}
		res.Observations += x.rows
		if x.g == security {
			res.tour(x)
		}
		for _, c := range x.g.Commitments {
			res.commitments[c.Key] = placed{x.id, x.ids[c.Key], c.Scenario}
		}
	}
	s.clock.Store(end)
	if err := s.finish(ctx, stories, res, tick); err != nil {
		return nil, err
	}
	if err := s.tokens(ctx); err != nil {
		return nil, err
	}
	res.Offices = map[record.Party][]string{}
	for p, x := range s.sides {
		res.Offices[p] = slices.Sorted(maps.Keys(x.seats))
	}
	res.Seconds = time.Since(began).Seconds()
	return res, nil
}

// prepare makes the folder, replacing only one that the example made.
func prepare(dir string) error {
	files, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if len(files) > 0 {
		if _, err := os.Stat(filepath.Join(dir, marker)); err != nil {
			return fmt.Errorf("%s: %w: choose an empty one with --dir", dir, ErrFolder)
		}
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, marker), []byte("Made by the example of Entente, which may replace this folder.\n"), 0o600)
}

// finish compares the states, checks both nodes, and exports a proof of one settled commitment.
func (s *stage) finish(ctx context.Context, stories []*story, res *Result, tick func(string)) error {
	who := node.Caller{Operator: true, Via: "example"}
	var proof record.ID
	var of *story
	for _, x := range stories {
		words := map[record.ID]bool{}
		var word *node.StateWord
		for range 200 { // receipts may still be on their way
			if err := s.meet(ctx, x.id); err != nil {
				return err
			}
			clear(words)
			for _, p := range s.order {
				w, err := s.sides[p].node.State(ctx, x.id)
				if err != nil {
					return err
				}
				word, words[w.Digest] = w, true
			}
			if len(words) == 1 && !s.waiting(ctx, x.id) {
				break
			}
			time.Sleep(5 * time.Millisecond)
		}
		res.SameState = res.SameState && len(words) == 1
		g := GroupResult{ID: x.id, Track: string(x.g.Key), Name: x.g.Name.En, State: word.Digest}
		a := s.sides[s.order[0]].node
		counts, err := a.Counts(ctx, who, x.id)
		if err != nil {
			return err
		}
		g.Instruments = counts
		res.Groups = append(res.Groups, g)
		page, err := a.Instruments(ctx, who, x.id, node.Query{})
		if err != nil {
			return err
		}
		for _, l := range page.Items {
			res.Instruments++
			switch l.View.Phase {
			case entente.PhaseInForce:
				res.InForce++
			case entente.PhaseProposed:
				res.Pending++
			}
			if l.View.Settled && l.State.Kind == "commitment" && proof.IsZero() {
				proof, of = l.State.Instrument, x
			}
		}
		sizes, err := a.Sizes(x.id)
		if err != nil {
			return err
		}
		for p, n := range sizes {
			res.Records[p] += n
		}
	}
	for _, p := range s.order {
		r, err := s.sides[p].node.Check(ctx, nil)
		if err != nil {
			return fmt.Errorf("check the node of %s: %w", p, err)
		}
		res.Check[p] = r.OK
		tick("check " + string(p))
	}
	return s.prove(ctx, of, proof, res, tick)
}

// waiting reports whether a settled agreement still waits for a receipt.
func (s *stage) waiting(ctx context.Context, group record.ID) bool {
	page, err := s.sides[s.order[0]].node.Instruments(ctx, node.Caller{Operator: true}, group, node.Query{Phase: entente.PhaseInForce})
	if err != nil {
		return false
	}
	for _, l := range page.Items {
		if !l.View.Settled {
			return true
		}
	}
	return false
}

// JSON is the result as one line.
func (r *Result) JSON() ([]byte, error) { return json.Marshal(r) }
