package main

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"entente/record"
)

// parseDate reads YYYY-MM-DD (midnight UTC) or RFC 3339 to Unix seconds.
func parseDate(s string) (int64, error) {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.Unix(), nil
		}
	}
	return 0, usage("date %q: write YYYY-MM-DD, or RFC 3339 as 2026-03-01T15:00:00-06:00", s)
}

// period is a flag like 90d, 2w, 1y or 36h, in seconds.
type period int64

// UnmarshalText implements encoding.TextUnmarshaler for kong.
func (p *period) UnmarshalText(b []byte) error {
	s := string(b)
	units := map[byte]int64{'d': 86400, 'w': 7 * 86400, 'y': 365 * 86400}
	if len(s) > 1 && units[s[len(s)-1]] > 0 {
		n, err := strconv.ParseInt(s[:len(s)-1], 10, 32)
		if err == nil && n >= 0 {
			*p = period(n * units[s[len(s)-1]])
			return nil
		}
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return fmt.Errorf("period %q: write 90d, 2w, 1y or 36h", s)
	}
	*p = period(d / time.Second)
	return nil
}

// pair splits NAME=VALUE.
func pair(flag, s string) (name, value string, err error) {
	name, value, ok := strings.Cut(s, "=")
	if !ok || name == "" {
		return "", "", usage("--%s %q: write NAME=VALUE", flag, s)
	}
	return name, value, nil
}

// setTerms puts NAME=VALUE pairs into terms. The kind's own struct says what a value is: a date may stand for seconds, a short
// id for a full one; dots go into nested terms. resolve completes ids.
func setTerms(terms map[string]any, form any, sets []string, resolve func(string) (record.ID, error)) error {
	for _, s := range sets {
		name, value, err := pair("set", s)
		if err != nil {
			return err
		}
		path := strings.Split(name, ".")
		at := terms
		for _, step := range path[:len(path)-1] {
			next, ok := at[step].(map[string]any)
			if !ok {
				next = map[string]any{}
				at[step] = next
			}
			at = next
		}
		v, err := valueAs(fieldType(reflect.TypeOf(form), path), value, resolve)
		if err != nil {
			return usage("--set %s: %w", name, err)
		}
		at[path[len(path)-1]] = v
	}
	return nil
}

// fieldType finds the type behind a path of JSON names, nil where it is not known: the node will say so.
func fieldType(t reflect.Type, path []string) reflect.Type {
	for _, step := range path {
		for t != nil && t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		switch {
		case t == nil:
			return nil
		case t.Kind() == reflect.Map:
			t = t.Elem()
		case t.Kind() == reflect.Struct:
			var found reflect.Type
			for i := range t.NumField() {
				if n, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ","); n == step {
					found = t.Field(i).Type
				}
			}
			t = found
		default:
			return nil
		}
	}
	return t
}

func valueAs(t reflect.Type, s string, resolve func(string) (record.ID, error)) (any, error) {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t == reflect.TypeFor[record.ID]():
		return resolve(s)
	case t != nil && t.Kind() == reflect.String:
		return s, nil
	case t != nil && (t.Kind() == reflect.Int64 || t.Kind() == reflect.Uint64):
		if _, err := strconv.ParseInt(s, 10, 64); err == nil {
			return json.Number(s), nil
		}
		at, err := parseDate(s)
		return at, err
	case t != nil && t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.String && !strings.HasPrefix(s, "["):
		return strings.Split(s, ","), nil
	}
	if json.Valid([]byte(s)) {
		return json.RawMessage(s), nil
	}
	return s, nil
}
