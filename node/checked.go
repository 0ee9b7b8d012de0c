package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"entente/record"
	"entente/store"
)

// Checked is a full check as it is kept: pages show the last one.
type Checked struct {
	Time   int64   `json:"time"`            // Unix seconds, when it began
	Millis int64   `json:"millis"`          // how long it took
	OK     bool    `json:"ok"`              // everything holds
	Found  int     `json:"found,omitzero"`  // faults; the report lists them for the operator
	Failed string  `json:"failed,omitzero"` // why it could not be done to the end; it says nothing of the records then
	Report *Report `json:"report,omitempty"`
}

// AlarmCheck: the last full check found faults, or could not be done. It stands in the party's own group.
const AlarmCheck = "check"

const settingCheck = "check"

// CheckAndKeep is Check with its result kept; faults raise an alarm. One check runs at a time: another is refused as a conflict.
func (n *Node) CheckAndKeep(ctx context.Context, progress func(done, total uint64)) (*Report, error) {
	if !n.checking.TryLock() {
		return nil, fmt.Errorf("%w: %w", ErrConflict, record.Because("check.running", "a check is under way"))
	}
	defer n.checking.Unlock()
	c := Checked{Time: n.clock()}
	began := time.Now()
	rep, err := n.Check(ctx, progress)
	if err != nil && (ctx.Err() != nil || errors.Is(err, ErrClosed)) {
		return nil, err // given up, not failed
	}
	c.Millis = time.Since(began).Milliseconds()
	if err != nil {
		c.Failed = err.Error()
	} else {
		c.OK, c.Found, c.Report = rep.OK, len(rep.Faults), rep
	}
	return rep, errors.Join(err, n.keepCheck(ctx, c))
}

func (n *Node) keepCheck(ctx context.Context, c Checked) error {
	b, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return n.write(ctx, func(x *batch) error {
		if err := x.tx.PutSetting(settingCheck, b); err != nil {
			return x.fail(err)
		}
		own := n.own()
		if c.OK || own == nil {
			return nil
		}
		a := store.Alarm{Party: n.party, Code: AlarmCheck, Time: x.now, Text: "The full check could not be done: " + c.Failed}
		if c.Found > 0 {
			a.Text = fmt.Sprintf("The full check found %d faults. The first: %s", c.Found, c.Report.Faults[0])
		}
		return x.fail(x.tx.PutAlarm(own.row, a))
	})
}

// LastCheck is the full check that was kept last, nil before the first. Its faults name records of every group: they are the
// operator's.
func (n *Node) LastCheck(ctx context.Context, who Caller) (*Checked, error) {
	b, err := store.Setting(n.store.View(ctx), settingCheck)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	} else if err != nil {
		return nil, explain(err)
	}
	c := new(Checked)
	if err := json.Unmarshal(b, c); err != nil {
		return nil, fmt.Errorf("last check: %w: %w", store.ErrCorrupt, err)
	}
	if !who.Operator {
		c.Report = nil
		if c.Failed != "" {
			c.Failed = "see the node's log"
		}
	}
	return c, nil
}

// CheckEvery checks everything in the background whenever the check kept last is that old, until ctx ends. After a start it
// lets the node come to its work first.
func (n *Node) CheckEvery(ctx context.Context, every time.Duration, log *slog.Logger) {
	for first := true; ; first = false {
		wait := every
		if last, err := n.LastCheck(ctx, Caller{Operator: true}); err == nil && last != nil {
			wait = time.Duration(last.Time-n.clock())*time.Second + every
		} else if first {
			wait = 0
		}
		if first {
			wait = max(wait, min(checkAfterStart, every))
		}
		t := time.NewTimer(max(wait, min(checkPause, every)))
		select {
		case <-ctx.Done():
			t.Stop()
			return
		case <-t.C:
		}
		done := make(chan struct{})
		go func() { // a thread of its own, which ends with it: its low priority is nobody else's
			defer close(done)
			lowerPriority()
			rep, err := n.CheckAndKeep(ctx, nil)
			switch {
			case ctx.Err() != nil || errors.Is(err, ErrConflict) || errors.Is(err, ErrClosed):
			case err != nil:
				log.Error("full check could not be done", "err", err)
			case !rep.OK:
				log.Error("full check found faults: entente check names them", "faults", len(rep.Faults))
			default:
				log.Info("full check: everything holds", "groups", rep.Groups, "records", rep.Records, "parts", rep.Parts, "signatures", rep.Signatures)
			}
		}()
		<-done
	}
}
