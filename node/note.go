package node

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"entente/record"
	"entente/store"
)

// OwnNote is what the party's own offices note on a record: it is kept at this node, encrypted at rest, and is in no message to
// another. Whoever of the party reads the record may read it.
type OwnNote struct {
	Text   string
	Office string // that wrote it last
	Time   int64
}

// OwnNotePart is the name under which a note stands in the access log.
const OwnNotePart = "own-note"

// PutNote writes the party's own note on a record of a group in place of the one before, which is destroyed; an empty text
// destroys it. before is the time of the note that the writer has read, 0 for none: where another was written since,
// ErrConflict.
func (n *Node) PutNote(ctx context.Context, who Caller, group, id record.ID, text string, before int64) error {
	g, err := n.reading(who, group)
	if err != nil {
		return err
	}
	if who.Office == "" {
		return fmt.Errorf("an office writes notes: %w", ErrForbidden)
	}
	if len(text) > maxNote || !utf8.ValidString(text) {
		return fmt.Errorf("%w: %w", ErrInvalid, record.Because("note.long", "a note has at most %d bytes of text", maxNote))
	}
	text = strings.TrimSpace(text)
	return n.write(ctx, func(b *batch) error {
		if _, err := store.ByID(b.tx, g.rows(), id); errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("record %s: %w", id.Short(), ErrNotFound)
		} else if err != nil {
			return b.fail(err)
		}
		old, err := store.KeptAbout(b.tx, g.row, store.KeptNote, id[:])
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return b.fail(err)
		}
		if old.Time != before && string(old.Body) != text {
			return fmt.Errorf("%w: %w", ErrConflict, record.Because("note.changed", "the office %s has written this note since it was shown to you: read it first", old.Office))
		}
		switch {
		case text != "":
			return b.fail(b.tx.PutKept(store.Kept{Sort: store.KeptNote, About: id[:], Group: g.row, Office: who.Office, Time: max(b.now, old.Time+1), Body: []byte(text)}))
		case old.Time != 0:
			return b.fail(b.tx.DropKept(store.KeptNote, id[:]))
		}
		return nil
	})
}

// notes reads the own notes that a page wants.
func (p *pageParts) notes(v *store.View, g *group, wants []*Want) error {
	for _, w := range wants {
		t := p.out[w.Record]
		if t == nil || !w.Own {
			continue
		}
		k, err := store.KeptAbout(v, g.row, store.KeptNote, w.Record[:])
		if errors.Is(err, store.ErrNotFound) {
			continue
		} else if err != nil {
			return err
		}
		t.Own = &OwnNote{Text: string(k.Body), Office: k.Office, Time: k.Time}
		p.size += uint64(len(k.Body))
	}
	return nil
}
