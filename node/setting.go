package node

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"entente"
	"entente/record"
	"entente/release"
	"entente/store"
)

// Settings are what a party keeps for its own pages, in each group: encrypted at rest, never sent. There are four, where the party
// keeps its keys (recovery.go), and its watch list (watch.go).

// Edition says who wrote a setting last, and when. A time of 0: nobody has.
type Edition struct {
	Office string `json:"office,omitempty"`
	Time   int64  `json:"time,omitzero"`
}

// SavedView is a narrowed list that an office keeps under a name: the query of its page, as the address bar has it.
type SavedView struct {
	Name  string `json:"name"`
	Page  string `json:"page"`
	Query string `json:"query"`
}

func (v *SavedView) check() error {
	if !shortText(v.Name) || v.Name == "" || !shortText(v.Page) || len(v.Query) > maxViewQuery {
		return fmt.Errorf("%w: %w", ErrInvalid, record.Because("view.name", "a view has a name of up to %d bytes and a query of up to %d", record.MaxName, maxViewQuery))
	}
	if _, err := url.ParseQuery(v.Query); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, record.Because("view.query", "the query of a view"))
	}
	return nil
}

// Contact is an office of one of the parties with how it is reached: offices, never persons.
type Contact struct {
	Party     record.Party      `json:"party"`
	Office    string            `json:"office,omitempty"` // its id in the powers, where it has one
	Names     map[string]string `json:"names"`            // by language
	Duty      bool              `json:"duty,omitempty"`   // answers at any hour
	Telephone string            `json:"telephone,omitempty"`
	Mail      string            `json:"mail,omitempty"`
	Hours     string            `json:"hours,omitempty"`
	Note      string            `json:"note,omitempty"`
}

func (c *Contact) check(g *group) error {
	founding := g.ledger.Founding()
	if _, ok := founding.Party(c.Party); !ok {
		return fmt.Errorf("%w: %w", ErrInvalid, record.Because("contact.party", "contact: %.20q is not a party of the group", string(c.Party)))
	}
	if c.Office != "" && !record.ValidName(c.Office) {
		return fmt.Errorf("%w: %w", ErrInvalid, record.Because("office.name", "contact: office %.70q is not a name", c.Office))
	}
	if len(c.Names) == 0 {
		return fmt.Errorf("%w: %w", ErrInvalid, record.Because("contact.name", "contact: it has no name"))
	}
	for l, s := range c.Names {
		if !slices.Contains(entente.Languages, l) || s == "" || !plainLine(s, maxContact) {
			return fmt.Errorf("%w: %w", ErrInvalid, record.Because("contact.language", "contact: its name in %.10q", l))
		}
	}
	for _, s := range []string{c.Telephone, c.Mail, c.Hours, c.Note} {
		if !plainLine(s, maxContact) {
			return fmt.Errorf("%w: %w", ErrInvalid, record.Because("contact.long", "contact: more than %d bytes, or no plain text", maxContact))
		}
	}
	return nil
}

// DefaultMarking is how parts of a kind are marked where their author says nothing: to every party of the group.
type DefaultMarking struct {
	Kind     string     `json:"kind"` // *: every other
	TLP      record.TLP `json:"tlp"`
	Handling string     `json:"handling,omitempty"` // from the charter's list
	National string     `json:"national,omitempty"`
	Review   int64      `json:"review_days,omitzero"` // days until a review
}

func (d *DefaultMarking) check(n *Node, g *group) error {
	_, charter := g.ledger.Charter()
	if charter == nil {
		charter = g.ledger.Founding()
	}
	if _, ok := n.kinds[d.Kind]; !ok && d.Kind != "*" {
		return fmt.Errorf("%w: %w", ErrInvalid, record.Because("route.unknown-kind", "default marking: the kind %.70q is not known", d.Kind))
	}
	if d.TLP == record.Clear || d.TLP == record.Red {
		return fmt.Errorf("%w: %w", ErrInvalid, record.Because("marking.default", "default marking: what is public, or for named offices, is marked so part by part"))
	}
	if d.Review < 0 || d.Review > maxReviewDays || !shortText(d.National) {
		return fmt.Errorf("%w: %w", ErrInvalid, record.Because("marking.review", "default marking: a review within %d days, a national marking of up to %d bytes", maxReviewDays, record.MaxName))
	}
	m := d.marking(n.party, charter.IDs(), n.clock())
	if why := release.Check(m, n.party, charter.IDs(), charter.Handling); len(why) > 0 {
		return fmt.Errorf("default marking: %w: %w", ErrInvalid, why[0])
	}
	if _, err := record.Describe(g.id, record.Nonce{}, record.Part{Name: "x"}, m); err != nil {
		return fmt.Errorf("default marking: %w: %w", ErrInvalid, err)
	}
	return nil
}

func (d *DefaultMarking) marking(author record.Party, parties []record.Party, now int64) record.Marking {
	m := release.Default(author, parties...)
	m.TLP, m.Handling, m.National = d.TLP, d.Handling, d.National
	if d.Review != 0 {
		m.Review = now + d.Review*86400
	}
	return m
}

// Views are the caller's office's own.
func (n *Node) Views(ctx context.Context, who Caller, group record.ID) ([]SavedView, Edition, error) {
	return readSetting[SavedView](ctx, n, who, group, store.KeptViews, who.Office)
}

// PutViews keeps the views of the caller's office in place of those of an edition, in the order given: ErrConflict where
// another edition was written since.
func (n *Node) PutViews(ctx context.Context, who Caller, group record.ID, views []SavedView, before Edition) error {
	if who.Office == "" {
		return fmt.Errorf("an office saves views: %w", ErrForbidden)
	}
	for i := range views {
		if err := views[i].check(); err != nil {
			return err
		}
		if slices.ContainsFunc(views[:i], func(v SavedView) bool { return v.Page == views[i].Page && v.Name == views[i].Name }) {
			return fmt.Errorf("%w: %w", ErrInvalid, record.Because("view.twice", "two views are called %q", views[i].Name))
		}
	}
	return putSetting(ctx, n, who, group, store.KeptViews, who.Office, views, maxViews, before)
}

// Directory is how the offices of the parties are reached, as this party keeps it.
func (n *Node) Directory(ctx context.Context, who Caller, group record.ID) ([]Contact, Edition, error) {
	return readSetting[Contact](ctx, n, who, group, store.KeptDirectory, "")
}

// PutDirectory keeps a directory in place of that of an edition. An office that sets the node up does so, or the operator.
func (n *Node) PutDirectory(ctx context.Context, who Caller, group record.ID, contacts []Contact, before Edition) error {
	g, err := n.settingUp(who, group)
	if err != nil {
		return err
	}
	for i := range contacts {
		if err := contacts[i].check(g); err != nil {
			return err
		}
	}
	return putSetting(ctx, n, who, group, store.KeptDirectory, "", contacts, maxContacts, before)
}

// DefaultMarkings are how this party marks parts of which nothing else is said.
func (n *Node) DefaultMarkings(ctx context.Context, who Caller, group record.ID) ([]DefaultMarking, Edition, error) {
	return readSetting[DefaultMarking](ctx, n, who, group, store.KeptMarkings, "")
}

// PutDefaultMarkings keeps default markings in place of those of an edition. Who may: as for a directory.
func (n *Node) PutDefaultMarkings(ctx context.Context, who Caller, group record.ID, all []DefaultMarking, before Edition) error {
	g, err := n.settingUp(who, group)
	if err != nil {
		return err
	}
	for i := range all {
		if err := all[i].check(n, g); err != nil {
			return err
		}
		if slices.ContainsFunc(all[:i], func(d DefaultMarking) bool { return d.Kind == all[i].Kind }) {
			return fmt.Errorf("%w: %w", ErrInvalid, record.Because("marking.twice", "two default markings for %s", all[i].Kind))
		}
	}
	return putSetting(ctx, n, who, group, store.KeptMarkings, "", all, len(n.kinds)+1, before)
}

// marking is how a part of a kind is marked of which nothing else is said. A part of a kind that is for its author's party alone never
// goes further by a default.
func (n *Node) marking(ctx context.Context, g *group, kind string) (record.Marking, error) {
	m, err := n.usualMarking(ctx, g, kind)
	if k := n.kinds[kind]; k != nil && k.OwnAlone {
		m.TLP, m.ReleasableTo = record.AmberStrict, nil
	}
	return m, err
}

func (n *Node) usualMarking(ctx context.Context, g *group, kind string) (record.Marking, error) {
	parties := g.ledger.Parties()
	all, _, err := settingOf[DefaultMarking](store.KeptAbout(n.store.View(ctx), g.row, store.KeptMarkings, settingKey(g, "")))
	for _, k := range []string{kind, "*"} {
		if i := slices.IndexFunc(all, func(d DefaultMarking) bool { return d.Kind == k }); i >= 0 {
			return all[i].marking(n.party, parties, n.clock()), nil
		}
	}
	return release.Default(n.party, parties...), err
}

// settingUp lets in who sets up the node and has a part in the group.
func (n *Node) settingUp(who Caller, group record.ID) (*group, error) {
	g, err := n.reading(who, group)
	if err != nil {
		return nil, err
	}
	return g, n.setsUp(who)
}

func settingKey(g *group, office string) []byte { return append(g.id[:len(g.id):len(g.id)], office...) }

func readSetting[T any](ctx context.Context, n *Node, who Caller, group record.ID, sort store.KeptSort, office string) ([]T, Edition, error) {
	g, err := n.reading(who, group)
	if err != nil {
		return nil, Edition{}, err
	}
	return settingOf[T](store.KeptAbout(n.store.View(ctx), g.row, sort, settingKey(g, office)))
}

func settingOf[T any](k store.Kept, err error) ([]T, Edition, error) {
	if errors.Is(err, store.ErrNotFound) {
		return nil, Edition{}, nil
	}
	var out []T
	if err == nil {
		err = json.Unmarshal(k.Body, &out)
	}
	if err != nil {
		return nil, Edition{}, fmt.Errorf("setting: %w", explain(err))
	}
	return out, Edition{k.Office, k.Time}, nil
}

func putSetting[T any](ctx context.Context, n *Node, who Caller, group record.ID, sort store.KeptSort, office string, v []T, most int, before Edition) error {
	g, err := n.reading(who, group)
	if err != nil {
		return err
	}
	if len(v) > most {
		return fmt.Errorf("%w: %w", ErrInvalid, record.Because("setting.many", "%d entries, the limit is %d", len(v), most))
	}
	return putSettingAt(ctx, n, who, g, sort, settingKey(g, office), v, before)
}

func putSettingAt[T any](ctx context.Context, n *Node, who Caller, g *group, sort store.KeptSort, key []byte, v []T, before Edition) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return n.write(ctx, func(b *batch) error {
		old, err := store.KeptAbout(b.tx, g.row, sort, key)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return b.fail(err)
		}
		if old.Time != before.Time && !bytes.Equal(old.Body, body) {
			return fmt.Errorf("%w: %w", ErrConflict, record.Because("setting.changed", "%s has changed this since it was shown to you: look at it first", orOperator(old.Office)))
		}
		return b.fail(b.tx.PutKept(store.Kept{Sort: sort, About: key, Group: g.row, Office: who.Office, Time: max(b.now, old.Time+1), Body: body}))
	})
}

func orOperator(office string) string {
	if office == "" {
		return "the operator"
	}
	return "the office " + office
}

func shortText(s string) bool { return plainLine(s, record.MaxName) }

// plainLine: UTF-8 on one line, so long at most.
func plainLine(s string, most int) bool {
	return len(s) <= most && utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}
