package node

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"entente"
	"entente/record"
	"entente/store"
)

// AccessQuery narrows the access log. What is zero does not narrow.
type AccessQuery struct {
	Office  string
	From    int64 // Unix seconds, half open
	Until   int64
	Unusual bool           // only what is unusual
	Zone    *time.Location // of the working hours; nil: UTC
	Cursor  Cursor
	Limit   int // of one page; the bound of a page without
}

// AccessRow is one entry of the access log with what is unusual about it.
type AccessRow struct {
	Index   uint64         `json:"index"` // in the log of the party's own group
	Time    int64          `json:"time"`
	Access  entente.Access `json:"access"`
	Records int            `json:"records"`           // shown by this entry
	Hour    int            `json:"hour"`              // shown to the same seat in the hour up to it
	Unusual []Unusual      `json:"unusual,omitempty"` // ascending
}

// Unusual is why an auditor looks at a read twice. It says nothing of who was right.
type Unusual string

// What is unusual, by rules that anybody can compute again.
const (
	UnusualHour   Unusual = "hour"   // before 7, from 21, on a Saturday or a Sunday
	UnusualRemit  Unusual = "remit"  // on a line of effort on which the office signs nothing, where all its authority is by line
	UnusualLink   Unusual = "link"   // a link was printed by the operator, or used; or nobody in particular read by one
	UnusualVolume Unusual = "volume" // more than usualRecords in the hour up to it
)

// AccessPage is a page of the access log, newest first. It may come short, with a next page, where what is asked for is rare.
type AccessPage struct {
	Items []AccessRow `json:"items"`
	Next  Cursor      `json:"next,omitempty"`
}

// Audits reports whether an office may read the access log: the powers of the party's own group name it for the kind access.
func (n *Node) Audits(who Caller) bool {
	own := n.own()
	if own == nil {
		return false
	}
	return n.audits(who, own.ledger.Ring(n.party).At(own.logs[n.party].tree.Size()))
}

// Review is a page of the access log for those who audit it. ErrNotFound for others: whether there is one is not for them.
func (n *Node) Review(ctx context.Context, who Caller, q AccessQuery) (*AccessPage, error) {
	if !n.Audits(who) {
		return nil, fmt.Errorf("access log: %w", ErrNotFound)
	}
	own, limit := n.own(), pageLimit(q.Limit)
	l, pos := own.logs[n.party], store.Pos(0)
	if q.Cursor != "" {
		at, err := strconv.ParseUint(string(q.Cursor), 36, 40)
		if err != nil || at == 0 || Cursor(strconv.FormatUint(at, 36)) != q.Cursor {
			return nil, fmt.Errorf("%w: %w", ErrInvalid, record.Because("list.cursor", "cursor: use next of the page before"))
		}
		pos = store.PosOf(l.row, at)
	}
	p := &AccessPage{Items: []AccessRow{}}
	err := n.store.Snapshot(ctx, func(v *store.View) error {
		var all []AccessRow
		err := store.ByKind(v, l.row, "access", pos, maxLooked+usualAhead, func(e store.Entry) error {
			h, a := e.Record.Header(), entente.Access{}
			if err := record.Unmarshal(h.Terms, &a); err != nil {
				return fmt.Errorf("%w: %w", store.ErrCorrupt, err)
			}
			x := AccessRow{Index: h.Index, Time: h.Time, Access: a}
			for _, i := range a.Items {
				x.Records += len(i.Records)
			}
			all = append(all, x)
			return nil
		})
		if err != nil {
			return err
		}
		for i := range all[:min(len(all), maxLooked)] {
			x := &all[i]
			if q.From != 0 && x.Time < q.From {
				return nil
			}
			if len(p.Items) == limit {
				p.Next = Cursor(strconv.FormatUint(all[i-1].Index, 36))
				return nil
			}
			if q.Office != "" && x.Access.Office != q.Office || q.Until != 0 && x.Time >= q.Until {
				continue
			}
			if err := n.unusual(v, all[i:], q.Zone); err != nil {
				return err
			}
			if !q.Unusual || len(x.Unusual) > 0 {
				p.Items = append(p.Items, *x)
			}
		}
		if len(all) > maxLooked {
			p.Next = Cursor(strconv.FormatUint(all[maxLooked-1].Index, 36))
		}
		return nil
	})
	return p, explainNil(err)
}

// unusual says what is unusual about the first of entries, newest first.
func (n *Node) unusual(v *store.View, all []AccessRow, zone *time.Location) error {
	x := &all[0]
	if zone == nil {
		zone = time.UTC
	}
	t := time.Unix(x.Time, 0).In(zone)
	if t.Hour() < 7 || t.Hour() >= 21 || t.Weekday() == time.Saturday || t.Weekday() == time.Sunday {
		x.Unusual = append(x.Unusual, UnusualHour)
	}
	if x.Access.How == ByLink && (len(x.Access.Items) == 0 || x.Access.Seat == 0) {
		x.Unusual = append(x.Unusual, UnusualLink)
	}
	outside, err := n.outsideRemit(v, x.Access)
	if err != nil {
		return err
	}
	if outside {
		x.Unusual = append(x.Unusual, UnusualRemit)
	}
	for _, y := range all {
		if y.Time <= x.Time-3600 {
			break
		}
		if y.Access.Office == x.Access.Office && y.Access.Seat == x.Access.Seat {
			x.Hour += y.Records
		}
	}
	if x.Hour > usualRecords {
		x.Unusual = append(x.Unusual, UnusualVolume)
	}
	return nil
}

// outsideRemit reports whether a read was of a line of effort on which the office signs nothing, where it signs by line alone.
func (n *Node) outsideRemit(v *store.View, a entente.Access) (bool, error) {
	for _, i := range a.Items {
		g, err := n.find(i.Group)
		if err != nil {
			continue // of a group that is gone
		}
		p := g.ledger.Ring(n.party).At(g.logs[n.party].tree.Size())
		if p == nil {
			continue
		}
		o, ok := p.Office(a.Office)
		if !ok {
			return true, nil
		}
		lines := map[string]bool{}
		byLine := len(o.Grants) > 0
		for _, x := range o.Grants {
			byLine = byLine && len(x.Lines) > 0
			for _, l := range x.Lines {
				lines[l] = true
			}
		}
		if !byLine {
			continue
		}
		found, err := store.ByIDs(v, g.rows(), i.Records)
		if err != nil {
			return false, err
		}
		for _, e := range found {
			if l := e.Record.Header().Line; l != "" && !lines[l] {
				return true, nil
			}
		}
	}
	return false, nil
}

// Words is an entry as one line of a table: what was read, by number of records, and their parts.
func (x *AccessRow) Words() string {
	var parts []string
	for _, i := range x.Access.Items {
		parts = append(parts, i.Parts...)
	}
	return strings.Join(slices.Compact(slices.Sorted(slices.Values(parts))), ", ")
}
