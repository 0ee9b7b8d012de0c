package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"entente"
	"entente/record"
	"entente/store"
)

// Route says which of the party's own offices clear a draft before this node puts it on record. It is this node's own rule: the
// other side neither sees nor judges it.
type Route struct {
	Name   string        `json:"name"`
	Groups []record.ID   `json:"groups,omitempty"` // empty: every group with other parties
	Kinds  []string      `json:"kinds"`            // [*]: every kind
	Verbs  []record.Verb `json:"verbs,omitempty"`  // empty: every verb
	Lines  []string      `json:"lines,omitempty"`  // empty: every line of effort
	Stages [][]string    `json:"stages"`           // offices of one stage side by side, stages one after the other
	Within int64         `json:"within,omitzero"`  // seconds that the offices are given together; 0: no deadline
}

// covers reports whether texts like this one need it. A non-paper counts as a proposal; one that names no line of effort may be on any.
func (r *Route) covers(h *record.Header) bool {
	in := func(list []string, x string) bool { return slices.Contains(list, "*") || slices.Contains(list, x) }
	verb, anyLine := h.Verb, len(r.Lines) == 0
	if h.Kind == NonPaperKind {
		verb, anyLine = record.Propose, anyLine || h.Line == ""
	}
	return in(r.Kinds, h.Kind) && (len(r.Verbs) == 0 || slices.Contains(r.Verbs, verb)) && (anyLine || in(r.Lines, h.Line)) &&
		(len(r.Groups) == 0 || slices.Contains(r.Groups, h.Group))
}

func (n *Node) checkRoute(r *Route) error {
	offices := 0
	for _, stage := range r.Stages {
		if len(stage) == 0 {
			return fmt.Errorf("%w: %w", ErrInvalid, record.Because("clearance.stage", "route: a stage names no office"))
		}
		offices += len(stage)
	}
	switch {
	case !record.ValidName(r.Name):
		return fmt.Errorf("%w: %w", ErrInvalid, record.Because("route.name", "route %.70q: not a name", r.Name))
	case offices == 0 || offices > maxRouteOffices || len(r.Groups) > maxRoutes || len(r.Lines) > maxRoutes:
		return fmt.Errorf("%w: %w", ErrInvalid, record.Because("route.offices", "route %s: want 1 to %d offices", r.Name, maxRouteOffices))
	case len(r.Kinds) == 0:
		return fmt.Errorf("%w: %w", ErrInvalid, record.Because("route.kind", "route %s: it names no kind; * is every kind", r.Name))
	case r.Within < 0 || r.Within > maxRouteWithin:
		return fmt.Errorf("%w: %w", ErrInvalid, record.Because("route.time", "route %s: offices are given 0 seconds to a year", r.Name))
	}
	for _, k := range r.Kinds {
		if _, ok := n.kinds[k]; !ok && k != "*" && k != NonPaperKind {
			return fmt.Errorf("%w: %w", ErrInvalid, record.Because("route.unknown", "route %s: the kind %.70q is not known", r.Name, k))
		}
	}
	for _, v := range r.Verbs {
		if !slices.Contains(record.Verbs, v) {
			return fmt.Errorf("%w: %w", ErrInvalid, record.Because("route.unknown", "route %s: the verb %.20q is not known", r.Name, string(v)))
		}
	}
	return n.ownOffices(slices.Concat(r.Stages...))
}

// ownOffices refuses offices that the powers of the group of one do not name, or name twice.
func (n *Node) ownOffices(offices []string) error {
	own := n.own()
	if own == nil {
		return fmt.Errorf("group of one: %w", ErrNotFound)
	}
	p := own.ledger.Ring(n.party).At(own.logs[n.party].tree.Size())
	for i, o := range offices {
		if p == nil {
			return fmt.Errorf("%w: %w", ErrInvalid, record.Because("powers.yet", "group of one: no powers are on record"))
		}
		if _, ok := p.Office(o); !ok {
			return fmt.Errorf("%w: %w", ErrInvalid, record.Because("route.no-office", "the powers of the party's own group name no office %.70q", o))
		}
		if slices.Contains(offices[:i], o) {
			return fmt.Errorf("%w: %w", ErrInvalid, record.Because("route.twice", "the office %s stands there twice", o))
		}
	}
	return nil
}

const routesSetting = "clearance-routes"

// Routes lists them by name, for the party's own offices.
func (n *Node) Routes(_ context.Context, who Caller) ([]Route, error) {
	if own := n.own(); own == nil || n.mayAct(who, own) != nil {
		return nil, fmt.Errorf("routes: %w", ErrNotFound)
	}
	return slices.Clone(n.routing()), nil
}

func (n *Node) routing() []Route {
	if r := n.routes.Load(); r != nil {
		return *r
	}
	return nil
}

// PutRoute sets a route, in the place of the one of its name. It holds from the next draft that is to be sealed on. Who sets the
// node up does this too.
func (n *Node) PutRoute(ctx context.Context, who Caller, r Route) error {
	if err := n.checkRoute(&r); err != nil {
		return err
	}
	return n.changeRoutes(ctx, who, r.Name, func(all []Route) ([]Route, error) {
		all = append(all, r)
		if len(all) > maxRoutes {
			return nil, fmt.Errorf("%w: %w", ErrConflict, record.Because("route.many", "a node has at most %d routes", maxRoutes))
		}
		slices.SortFunc(all, func(x, y Route) int { return compare(x.Name, y.Name) })
		return all, nil
	})
}

// DropRoute ends a route.
func (n *Node) DropRoute(ctx context.Context, who Caller, name string) error {
	if !slices.ContainsFunc(n.routing(), func(r Route) bool { return r.Name == name }) {
		return fmt.Errorf("route %.70q: %w", name, ErrNotFound)
	}
	return n.changeRoutes(ctx, who, name, func(all []Route) ([]Route, error) { return all, nil })
}

// changeRoutes hands f the routes but the one of that name, and stores what it returns.
func (n *Node) changeRoutes(ctx context.Context, who Caller, name string, f func([]Route) ([]Route, error)) error {
	if err := n.setsUp(who); err != nil {
		return err
	}
	err := n.write(ctx, func(b *batch) error {
		all, err := storedRoutes(store.Setting(b.tx, routesSetting))
		if err != nil {
			return b.fail(err)
		}
		all = slices.DeleteFunc(all, func(r Route) bool { return r.Name == name })
		if all, err = f(all); err != nil {
			return err
		}
		v, err := json.Marshal(all)
		if err != nil {
			return err
		}
		b.after = append(b.after, func() { n.routes.Store(&all) })
		return b.fail(b.tx.PutSetting(routesSetting, v))
	})
	if err == nil {
		slog.Info("clearance route changed", "route", name, "via", who.Via)
	}
	return err
}

func storedRoutes(v []byte, err error) ([]Route, error) {
	var all []Route
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err == nil {
		err = json.Unmarshal(v, &all)
	}
	return all, err
}

// plan puts the stages of all routes that cover a draft, and those given, into one: stage by stage, an office at the latest stage
// that names it. within is the shortest time that a route gives.
func plan(routes []Route, h *record.Header, given [][]string) (stages [][]string, within int64) {
	at := map[string]int{}
	add := func(ss [][]string) {
		for i, s := range ss {
			for _, o := range s {
				at[o] = max(at[o], i)
			}
		}
	}
	add(given)
	for i := range routes {
		if r := &routes[i]; r.covers(h) {
			add(r.Stages)
			if r.Within > 0 && (within == 0 || r.Within < within) {
				within = r.Within
			}
		}
	}
	last := 0
	for _, i := range at {
		last = max(last, i)
	}
	for i := range last + 1 {
		var stage []string
		for o, k := range at {
			if k == i {
				stage = append(stage, o)
			}
		}
		if len(stage) > 0 {
			slices.Sort(stage)
			stages = append(stages, stage)
		}
	}
	return stages, within
}

// Uncleared is an office that a route wants and that has not cleared a draft. Standing is empty where it was not asked.
type Uncleared struct {
	Office   string                    `json:"office"`
	Standing entente.ClearanceStanding `json:"standing,omitempty"`
}

func (u Uncleared) String() string { return u.Why().Text }

// Why says what is left to do.
func (u Uncleared) Why() record.Why {
	switch u.Standing {
	case "":
		return record.Because("uncleared.ask", "the office %s was not asked to clear it: entente clearance ask", u.Office)
	case entente.ClearanceReturned:
		return record.Because("uncleared.returned", "the office %s has returned it: mend it in a new draft, or have the office clear this one", u.Office)
	}
	return record.Because("uncleared.yet", "the office %s has not cleared it yet", u.Office)
}

// routed are the offices that must clear a draft before it is sealed. What the root key signs is exempt: it keeps the party's own
// keys, and must be possible at any hour. So is what stays in a group of one.
func (n *Node) routed(g *group, h *record.Header) []string {
	if len(g.logs) == 1 || len(n.routing()) == 0 {
		return nil
	}
	if _, rule, err := n.kinds.Rule(h.Kind, h.Verb); h.Kind != NonPaperKind && (err != nil || rule.Root) {
		return nil
	}
	stages, _ := plan(n.routing(), h, nil)
	return slices.Concat(stages...)
}

// uncleared holds the offices wanted against the clearances of the draft.
func uncleared(wanted []string, act record.ID, states [][]byte) (out []Uncleared, err error) {
	standing := map[string]entente.ClearanceStanding{}
	for _, b := range states {
		s, err := entente.ParseState(b)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", store.ErrCorrupt, err)
		}
		if c := s.Clearance; c != nil && c.Act == act {
			for _, o := range c.Offices {
				standing[o.Office] = o.Standing
			}
		}
	}
	for _, o := range wanted {
		if standing[o] != entente.ClearanceCleared {
			out = append(out, Uncleared{o, standing[o]})
		}
	}
	return out, nil
}

// ReasonClearance is the code of the gate's refusal of what the party's own offices have not cleared.
const ReasonClearance = "clearance"

// cleared is the gate: it refuses what an office on its route has not cleared, naming each.
func (b *batch) cleared(t *homeText) error {
	wanted := b.n.routed(t.group, t.header)
	if len(wanted) == 0 {
		return nil
	}
	states, err := b.askedStates(t.nonce)
	if err != nil {
		return b.fail(err)
	}
	left, err := uncleared(wanted, t.act, states)
	if err != nil {
		return b.fail(err)
	}
	var r Refusal
	for _, u := range left {
		r.Reasons = append(r.Reasons, entente.ReasonFor(ReasonClearance, u.Why()))
	}
	if len(r.Reasons) > 0 {
		return &r
	}
	return nil
}

// askedStates are the states of a draft's clearances, those of this batch among them.
func (b *batch) askedStates(draft record.Nonce) ([][]byte, error) {
	if own := b.n.own(); own != nil {
		if w := b.groups[own.row]; w != nil {
			if err := w.fold(); err != nil {
				return nil, err
			}
		}
	}
	return store.AskedStates(b.tx, draft)
}

// await says which offices must still clear a text.
func (n *Node) await(r store.Reader, t *homeText) ([]Uncleared, error) {
	wanted := n.routed(t.group, t.header)
	if len(wanted) == 0 {
		return nil, nil
	}
	states, err := store.AskedStates(r, t.nonce)
	if err != nil {
		return nil, explain(err)
	}
	return uncleared(wanted, t.act, states)
}

// awaitDraft says so in a draft.
func (n *Node) awaitDraft(g *group, d *Draft) (err error) {
	d.Uncleared, err = n.await(n.store.View(context.Background()), d.text(g))
	for _, u := range d.Uncleared {
		d.Missing = append(d.Missing, u.Why())
	}
	return err
}
