package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"entente/record"
	"entente/store"
)

// What people sign in by stands for an official, not for a number: it is bound to the key that the powers name for the seat. When that
// key is replaced, or the seat ends, it ends too, so that whoever takes the number over inherits no way in. A session, link or account
// of an office, nobody in particular, is bound to all its seats: it ends when one of them goes or gets another key, not when one comes.
//
// An official who replaces the own key by an authenticator goes on: the new key is then that of a signing credential which the node
// keeps for the seat and which was itself bound to the key before.

// seatKeys are an office's seats as they are bound to, "NUMBER:DIGEST": by the party's group of one, and what that does not name by
// the others, the group founded first before those after it.
func (n *Node) seatKeys(ctx context.Context, office string) map[uint64]string {
	out := map[uint64]string{}
	groups := n.Groups(ctx, Caller{Operator: true})
	slices.SortStableFunc(groups, func(a, b GroupInfo) int {
		if a.Own == b.Own {
			return 0
		}
		return map[bool]int{true: -1, false: 1}[a.Own]
	})
	for _, g := range groups {
		p, err := n.Powers(g.ID)
		if err != nil || p == nil {
			continue
		}
		o, _ := p.Office(office)
		for _, s := range o.Seats {
			if out[s.Number] == "" {
				out[s.Number] = boundTo(s.Number, s.Key.String())
			}
		}
	}
	return out
}

func boundTo(seat uint64, key string) string {
	return fmt.Sprintf("%d:%s", seat, record.Digest("entente/seat/v1", []byte(key)).String()[:boundDigits])
}

// bind is what a sign-in of a place is bound to now.
func (n *Node) bind(ctx context.Context, office string, seat uint64) string {
	keys := n.seatKeys(ctx, office)
	if seat != 0 {
		return keys[seat]
	}
	return strings.Join(slices.Sorted(maps.Values(keys)), " ")
}

// holds reports whether what was bound for a place still stands for the same people.
func (n *Node) holds(ctx context.Context, r store.Reader, office, bound string) (bool, error) {
	keys := n.seatKeys(ctx, office)
	var own []store.Credential
	for _, x := range strings.Fields(bound) {
		number, _, _ := strings.Cut(x, ":")
		seat, _ := strconv.ParseUint(number, 10, 64) // what is no number is no seat's
		now := keys[seat]
		if now == x {
			continue
		}
		if own == nil {
			var err error
			if own, err = store.Credentials(r, CredentialSign, office); err != nil {
				return false, explain(err)
			}
		}
		if now == "" || !slices.ContainsFunc(own, func(c store.Credential) bool {
			return c.Key != "" && boundTo(c.Seat, c.Key) == now && slices.Contains(strings.Fields(c.Bound), x)
		}) {
			return false, nil
		}
	}
	return true, nil
}

// endStale ends what was bound to keys that the powers do not name any more, and binds what goes on to the keys of now.
func (n *Node) endStale(ctx context.Context) error {
	all, err := store.Bindings(n.store.View(ctx))
	if err != nil {
		return explain(err)
	}
	type change struct {
		store.Binding
		to   string
		ends bool
	}
	var changes []change
	for _, x := range all {
		ok, err := n.holds(ctx, n.store.View(ctx), x.Office, x.Bound)
		if err != nil {
			return err
		}
		ok = ok && n.placed(ctx, x.Office, 0) // a term that is over may be given again
		if to := n.bind(ctx, x.Office, x.Seat); !ok || to != x.Bound {
			changes = append(changes, change{x, to, !ok})
		}
	}
	if len(changes) == 0 {
		return nil
	}
	return n.write(ctx, func(b *batch) error {
		for _, c := range changes {
			var err error
			if c.ends {
				err = b.tx.Unbind(c.Binding)
			} else {
				err = b.tx.Rebind(c.Binding, c.to)
			}
			if err != nil {
				return b.fail(err)
			}
		}
		return nil
	})
}

// SignIns are the ways in that stand now: of one office, or of all.
type SignIns struct {
	Sessions    []store.Login      `json:"sessions"`
	Credentials []store.Credential `json:"credentials"` // to sign in and to sign with
	Accounts    []store.Subject    `json:"accounts"`
}

// SignIns lists them for who sets the node up; office empty: every office's.
func (n *Node) SignIns(ctx context.Context, who Caller, office string) (*SignIns, error) {
	if err := n.setsUp(who); err != nil {
		return nil, err
	}
	out := &SignIns{Credentials: []store.Credential{}}
	var err error
	if out.Sessions, err = n.Sessions(ctx, who); err != nil {
		return nil, err
	}
	if out.Accounts, err = n.Subjects(ctx); err != nil {
		return nil, err
	}
	for _, use := range []string{CredentialSignIn, CredentialSign} {
		all, err := n.Credentials(ctx, use, office)
		if err != nil {
			return nil, err
		}
		out.Credentials = append(out.Credentials, all...)
	}
	if office != "" {
		out.Sessions = slices.DeleteFunc(out.Sessions, func(l store.Login) bool { return l.Office != office })
		out.Accounts = slices.DeleteFunc(out.Accounts, func(s store.Subject) bool { return s.Office != office })
	}
	if out.Sessions == nil {
		out.Sessions = []store.Login{}
	}
	if out.Accounts == nil {
		out.Accounts = []store.Subject{}
	}
	return out, nil
}

// DropSignIns ends every way in of an office: sessions, unused links, keys that sign in, accounts. Keys that sign acts stay, for what
// they signed and sign is judged by the powers. seat, not 0: of that official alone.
func (n *Node) DropSignIns(ctx context.Context, who Caller, office string, seat uint64) error {
	if err := n.setsUp(who); err != nil {
		return err
	}
	return n.write(ctx, func(b *batch) error {
		all, err := store.Bindings(b.tx)
		if err != nil {
			return b.fail(err)
		}
		for _, x := range all {
			if x.Office != office || x.Signs || (seat != 0 && x.Seat != seat) {
				continue
			}
			if err := b.tx.Unbind(x); err != nil {
				return b.fail(err)
			}
		}
		return nil
	})
}

const forgottenSetting = "forgotten"

// forgetWays ends tokens, links, sessions and feeds of a folder that was put back from before: they may have been ended since. It does so
// once for the heads that the folder came with, not again at each start until the peers have answered.
func (n *Node) forgetWays(ctx context.Context, restored map[string]string) error {
	was := map[string]string{}
	b, err := store.Setting(n.store.View(ctx), forgottenSetting)
	if err == nil {
		err = json.Unmarshal(b, &was)
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	known := true
	for g, head := range restored {
		known = known && was[g] == head
	}
	if known {
		return nil
	}
	if b, err = json.Marshal(restored); err != nil {
		return err
	}
	return n.store.Update(ctx, nil, func(tx *store.Tx) error { return errors.Join(tx.Forget(true), tx.PutSetting(forgottenSetting, b)) })
}
