package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"entente"
	"entente/record"
)

// powersBefore are the powers of a party that stand on record in a group, nil before the first.
func (s *session) powersBefore(a *app, g record.ID, p record.Party) (*entente.Powers, error) {
	ps, err := s.operator.Powers(a.ctx, g)
	if err != nil {
		return nil, fmt.Errorf("read the powers on record: %w", err)
	}
	return ps[p], nil
}

// powersLines writes powers down to their last field, one to a line, beside those on record: + is new, - falls away. Everything
// is shown, for what is on record is the node's word, and a signature stands under all of it.
func powersLines(w io.Writer, was, is *entente.Powers) {
	before, after := map[string]string{}, map[string]string{}
	if was != nil {
		flatten("", toAny(was), before)
	}
	flatten("", toAny(is), after)
	names := []string{}
	for n := range before {
		names = append(names, n)
	}
	for n := range after {
		if _, both := before[n]; !both {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	for _, n := range names {
		old, had := before[n]
		now, has := after[n]
		switch {
		case had && has && old == now:
			fmt.Fprintf(w, "    %s  %s\n", clean(n), clean(now))
		default:
			if had {
				fmt.Fprintf(w, "  - %s  %s\n", clean(n), clean(old))
			}
			if has {
				fmt.Fprintf(w, "  + %s  %s\n", clean(n), clean(now))
			}
		}
	}
}

func toAny(v any) any {
	b, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	var out any
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if d.Decode(&out) != nil {
		return nil
	}
	return out
}

// flatten writes a value's leaves under their paths. Members of a list stand under their id or number, where they have one.
func flatten(path string, v any, out map[string]string) {
	under := func(name string) string {
		if path == "" {
			return name
		}
		return path + "." + name
	}
	switch x := v.(type) {
	case map[string]any:
		if len(x) == 2 && x["alg"] != nil && x["public"] != nil { // a key
			out[path] = fmt.Sprintf("%v:%v", x["alg"], x["public"])
			return
		}
		for name, y := range x {
			flatten(under(name), y, out)
		}
	case []any:
		words := []string{}
		for i, y := range x {
			m, ok := y.(map[string]any)
			if !ok {
				words = append(words, fmt.Sprint(y))
				continue
			}
			name := fmt.Sprint(i + 1)
			for _, id := range []string{"id", "number"} {
				if m[id] != nil {
					name = fmt.Sprint(m[id])
				}
			}
			flatten(under(name), m, out)
		}
		if len(words) > 0 {
			out[path] = strings.Join(words, ", ")
		}
	default:
		out[path] = fmt.Sprint(x)
	}
}
