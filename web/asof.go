package web

import (
	"fmt"
	"time"

	"entente/node"
	"entente/record"
)

// asOf is the moment that a page is asked to show: the end of a day in the page's zone; 0: now. Nothing can be done on a page of the past.
func (r *request) asOf() (int64, error) {
	v := r.URL.Query().Get("asof")
	if v == "" {
		return 0, nil
	}
	t, err := time.ParseInLocation(time.DateOnly, v, r.web.zone)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", node.ErrInvalid, record.Because("asof", "asof: want a day, such as 2026-11-25"))
	}
	if at := t.AddDate(0, 0, 1).Unix() - 1; at < r.web.node.Now() {
		return at, nil
	}
	return 0, nil // the day is not over
}

// now is the moment that a page shows.
func (r *request) now() int64 {
	if at, err := r.asOf(); err == nil && at != 0 {
		return at
	}
	return r.web.node.Now()
}

// past is the banner of a page of the past.
type past struct {
	Day     string
	Present string // the same page now
}

func (r *request) past() *past {
	at, err := r.asOf()
	if err != nil || at == 0 {
		return nil
	}
	q := r.URL.Query()
	q.Del("asof")
	p := &past{Day: r.day(at), Present: r.URL.Path}
	if len(q) > 0 {
		p.Present += "?" + q.Encode()
	}
	return p
}
