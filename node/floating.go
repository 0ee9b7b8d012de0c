package node

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"entente/record"
	"entente/store"
)

// Float is the message by which a node shows a non-paper to another. It is signed by nobody and enters no log.
type Float struct {
	Group   record.ID            `cbor:"1,keyasint"`
	ID      record.Nonce         `cbor:"2,keyasint"` // chosen by the author
	To      []record.Party       `cbor:"3,keyasint"` // all it is shown to, ascending
	Created int64                `cbor:"4,keyasint"`
	Until   int64                `cbor:"5,keyasint"`
	About   record.ID            `cbor:"6,keyasint,omitzero"`
	Texts   map[string]FloatText `cbor:"7,keyasint"` // by language
}

// TakenBack is the message by which an author asks that its non-paper be destroyed.
type TakenBack struct {
	Group record.ID    `cbor:"1,keyasint"`
	ID    record.Nonce `cbor:"2,keyasint"`
}

// FloatAnswer answers both.
type FloatAnswer struct {
	Said Said `cbor:"1,keyasint"`
}

// Said is a node's word on a non-paper of another party.
type Said string

// What a node says.
const (
	SaidHeld      Said = "held"      // it is here
	SaidDestroyed Said = "destroyed" // it is not, and will not be: taken back or lapsed
	SaidFull      Said = "full"      // too many of its author's are here
	SaidRefused   Said = "refused"   // noted by its author: the other node would not take the message
)

func (f *Float) bytes() int64 {
	n := 0
	for l, t := range f.Texts {
		n += len(l) + len(t.Title) + len(t.Body)
	}
	return int64(n)
}

// check is what both sides hold a non-paper to. Errors wrap ErrInvalid.
func (f *Float) check(g *group, author record.Party, now int64) error {
	bad := func(format string, args ...any) error {
		return fmt.Errorf("non-paper: %w: %s", ErrInvalid, fmt.Sprintf(format, args...))
	}
	parties := g.ledger.Parties()
	charter := g.ledger.Founding()
	if _, c := g.ledger.Charter(); c != nil {
		charter = c
	}
	switch {
	case f.ID == record.Nonce{}:
		return bad("it has no name")
	case len(f.To) == 0 || len(f.To) >= len(parties) || slices.Contains(f.To, author):
		return bad("it is for other parties of the group")
	case !slices.IsSorted(f.To) || len(slices.Compact(slices.Clone(f.To))) != len(f.To):
		return bad("its readers ascend without doubles")
	case f.Created <= 0 || f.Until <= f.Created || f.Until > record.MaxTime || f.Until-f.Created > maxNonPaperTime:
		return bad("it stands for at most %d days", maxNonPaperTime/86400)
	case f.Created > now+charter.Clocks.Skew:
		return bad("it is dated ahead of this node's clock")
	case len(f.Texts) == 0:
		return bad("it has no text")
	}
	for _, p := range f.To {
		if !slices.Contains(parties, p) {
			return bad("%.20q is not a party of the group", string(p))
		}
	}
	for _, l := range slices.Sorted(maps.Keys(f.Texts)) {
		t := f.Texts[l]
		switch {
		case !slices.Contains(charter.Languages, l):
			return bad("the charter names no language %.10q", l)
		case t.Title == "" || t.Body == "":
			return bad("it has no title or no body in the language %s", l)
		case len(t.Title) > maxNonPaperTitle || len(t.Body) > maxNonPaperBody:
			return bad("a title has at most %d bytes and a body %d", maxNonPaperTitle, maxNonPaperBody)
		case !plainText(t.Title) || !plainText(t.Body):
			return bad("its text has control characters")
		}
	}
	return nil
}

// ReceiveFloat takes a non-paper that a peer shows. It may come again and in any order: what was taken back does not come back. It
// is stored only for a group of both, from its author's own node, and within bounds that keep a peer from filling the disk.
func (n *Node) ReceiveFloat(ctx context.Context, from record.Party, f Float) (*FloatAnswer, error) {
	g, err := n.find(f.Group)
	if err != nil || g.logs[from] == nil || from == n.party {
		return nil, fmt.Errorf("group: %w", ErrNotFound)
	}
	now := n.clock()
	if err := f.check(g, from, now); err != nil {
		return nil, err
	}
	if !slices.Contains(f.To, n.party) {
		return nil, fmt.Errorf("non-paper: %w: it is not for %s", ErrInvalid, n.party)
	}
	k := nonPaperBody{Texts: f.Texts}
	copy(k.Salt[:], random(16))
	body, err := record.Marshal(k)
	if err != nil {
		return nil, fmt.Errorf("non-paper: %w: %w", ErrInvalid, err)
	}
	out := &FloatAnswer{SaidHeld}
	err = n.write(ctx, func(b *batch) error {
		row, err := store.NonPaperByNonce(b.tx, from, f.ID)
		switch {
		case err == nil && row.Group != g.row:
			return fmt.Errorf("non-paper: %w: its name was used in another group", ErrInvalid)
		case err == nil && row.Held && row.Until > b.now: // the first that came stands
			return nil
		case err == nil || f.Until <= b.now:
			out.Said = SaidDestroyed
			return nil
		case !errors.Is(err, store.ErrNotFound):
			return b.fail(err)
		}
		if full, err := b.fullOfNonPapers(g, from, f.bytes()); err != nil || full {
			out.Said = SaidFull
			return err
		}
		return b.fail(b.tx.PutNonPaper(store.NonPaper{Group: g.row, Author: from, Nonce: f.ID, Readers: f.To, About: f.About, State: string(NonPaperFloated), Changed: b.now,
			Created: f.Created, Until: f.Until, Received: b.now, Bytes: f.bytes()}, body))
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// ReceiveTakenBack destroys a non-paper of the peer that asks, and notes that it was taken back, so that it stays so where the
// message that shows it comes later. An author names its own only: what another party floated under that name is not touched.
func (n *Node) ReceiveTakenBack(ctx context.Context, from record.Party, t TakenBack) (*FloatAnswer, error) {
	g, err := n.find(t.Group)
	if err != nil || g.logs[from] == nil || from == n.party {
		return nil, fmt.Errorf("group: %w", ErrNotFound)
	}
	if (t.ID == record.Nonce{}) {
		return nil, fmt.Errorf("non-paper: %w: it has no name", ErrInvalid)
	}
	err = n.write(ctx, func(b *batch) error {
		row, err := store.NonPaperByNonce(b.tx, from, t.ID)
		switch {
		case errors.Is(err, store.ErrNotFound):
			err = b.tx.PutNonPaper(store.NonPaper{Group: g.row, Author: from, Nonce: t.ID, Readers: []record.Party{n.party}, State: string(NonPaperTakenBack), Changed: b.now,
				Created: b.now, Until: b.now, Received: b.now}, nil)
		case err == nil && row.Group != g.row:
			return fmt.Errorf("non-paper: %w: its name was used in another group", ErrInvalid)
		case err == nil && NonPaperState(row.State) != NonPaperTakenBack:
			err = b.tx.SetNonPaper(from, t.ID, string(NonPaperTakenBack), b.now, true)
		}
		if err == nil {
			err = b.tx.ForgetNonPapers(g.row, from, keepNonPapers)
		}
		return b.fail(err)
	})
	if err != nil {
		return nil, err
	}
	return &FloatAnswer{SaidDestroyed}, nil
}

// Untold is the next message about a non-paper that a peer's node must get: one of the two. Both nil: it knows everything.
func (n *Node) Untold(ctx context.Context, group record.ID, peer record.Party) (*Float, *TakenBack, error) {
	g, err := n.find(group)
	if err != nil {
		return nil, nil, err
	}
	v := n.store.View(ctx)
	row, err := store.Untold(v, g.row, n.party, peer, string(NonPaperFloated), string(SaidHeld), string(NonPaperTakenBack), string(SaidDestroyed), n.clock())
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil, nil
	} else if err != nil {
		return nil, nil, explain(err)
	}
	if NonPaperState(row.State) == NonPaperTakenBack {
		return nil, &TakenBack{g.id, row.Nonce}, nil
	}
	b, err := store.NonPaperTexts(v, n.party, row.Nonce)
	if errors.Is(err, store.ErrErased) {
		return nil, nil, nil // taken back a moment ago, which wakes whoever asks
	} else if err != nil {
		return nil, nil, explain(err)
	}
	k := new(nonPaperBody)
	if err := record.Unmarshal(b, k); err != nil {
		return nil, nil, fmt.Errorf("non-paper: %w: %w", store.ErrCorrupt, err)
	}
	return &Float{Group: g.id, ID: row.Nonce, To: row.Readers, Created: row.Created, Until: row.Until, About: row.About, Texts: k.Texts}, nil, nil
}

// Told notes what a peer's node said to a message of Untold. Whatever it says, this party's own copy stays as it is. It is told
// again later where it did not take the message; said empty: it refused it.
func (n *Node) Told(ctx context.Context, peer record.Party, id record.Nonce, takenBack bool, said Said) error {
	return n.write(ctx, func(b *batch) error {
		row, err := store.NonPaperByNonce(b.tx, n.party, id)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		} else if err != nil {
			return b.fail(err)
		}
		if takenBack != (NonPaperState(row.State) == NonPaperTakenBack) {
			return nil // taken back meanwhile: that is still to be told
		}
		f := store.Float{Nonce: id, Peer: peer, Said: string(said), Time: b.now, Next: b.now + floatAgain}
		switch said {
		case SaidHeld, SaidDestroyed, SaidFull:
		default:
			f.Said = string(SaidRefused)
		}
		return b.fail(b.tx.PutFloat(f))
	})
}

// retell has a peer told again of every open non-paper and of each that was taken back: its node started, and may have been restored
// from a time before it heard of them.
func (n *Node) retell(ctx context.Context, peer record.Party) error {
	if any, err := store.HasFloated(n.store.View(ctx), peer); err != nil || !any {
		return explainNil(err)
	}
	return n.write(ctx, func(b *batch) error {
		b.news = true
		return b.fail(b.tx.Forgotten(peer))
	})
}
