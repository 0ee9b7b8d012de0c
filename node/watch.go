package node

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"entente"
	"entente/record"
	"entente/release"
	"entente/store"
)

// WatchList is the party's own list of terms that hold a text, wherever they stand: encrypted at rest, never sent. It is for the
// offices that may sign charters for the party, and each reading of it stands in the access log.
type WatchList struct {
	Terms   []string `json:"terms"` // as written, in the order of the alphabet
	Edition Edition  `json:"edition"`
}

// readsWatch lets in who may read the watch list. The operator may not: it says what the party hides.
func (n *Node) readsWatch(who Caller) error {
	if err := n.readsParts(who); err != nil {
		return err
	}
	if who.Office == "" {
		return fmt.Errorf("an office reads the watch list, not the operator: use an office's token: %w", ErrForbidden)
	}
	return n.setsUp(Caller{Office: who.Office, Seat: who.Seat, Via: who.Via})
}

// ReadsWatchList reports whether an office may read and write the watch list.
func (n *Node) ReadsWatchList(who Caller) bool { return n.readsWatch(who) == nil }

// WatchList reads it.
func (n *Node) WatchList(ctx context.Context, who Caller) (*WatchList, error) {
	if err := n.readsWatch(who); err != nil {
		return nil, err
	}
	own := n.own()
	terms, edition, err := n.watched(ctx)
	if err != nil {
		return nil, err
	}
	if err := n.logShown(ctx, who, "watch-list", []entente.AccessItem{{Group: own.id, Records: []record.ID{own.id}, Parts: []string{"watch-list"}}}); err != nil {
		return nil, err
	}
	return &WatchList{append([]string{}, terms...), edition}, nil
}

// PutWatchList keeps a list in place of that of an edition: ErrConflict where another was written since. Terms that say the same twice
// are kept once.
func (n *Node) PutWatchList(ctx context.Context, who Caller, terms []string, before Edition) error {
	if err := n.readsWatch(who); err != nil {
		return err
	}
	var all []string
	for _, s := range terms {
		if s = strings.TrimSpace(s); s == "" {
			continue
		}
		if _, err := release.ParseTerm(s); err != nil || !plainLine(s, release.MaxTerm) {
			return fmt.Errorf("%w: %w", ErrInvalid, record.Because("watch.term", "a term of the watch list has a word, on one line, and at most %d bytes", release.MaxTerm))
		}
		all = append(all, s)
	}
	slices.Sort(all)
	if all = slices.Compact(all); len(all) > maxWatched {
		return fmt.Errorf("%w: %w", ErrInvalid, record.Because("setting.many", "%d entries, the limit is %d", len(all), maxWatched))
	}
	own := n.own()
	return putSettingAt(ctx, n, who, own, store.KeptWatch, own.id[:], all, before)
}

func (n *Node) watched(ctx context.Context) ([]string, Edition, error) {
	own := n.own()
	if own == nil {
		return nil, Edition{}, nil
	}
	return settingOf[string](store.KeptAbout(n.store.View(ctx), own.row, store.KeptWatch, own.id[:]))
}

// watchTerms are those that a check looks for.
func (n *Node) watchTerms(ctx context.Context) ([]release.Term, error) {
	all, _, err := n.watched(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]release.Term, 0, len(all))
	for _, s := range all {
		t, err := release.ParseTerm(s)
		if err != nil {
			return nil, fmt.Errorf("watch list: %w: %w", store.ErrCorrupt, err)
		}
		out = append(out, t)
	}
	return out, nil
}
