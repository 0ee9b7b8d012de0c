package figures

import (
	"embed"
	"maps"
	"slices"
	"strings"
	"sync"
)

//go:embed mappings/*.json
var shippedFiles embed.FS

// Shipped are the mappings that come with the program, by name.
var Shipped = sync.OnceValue(func() []Mapping {
	files, err := shippedFiles.ReadDir("mappings")
	if err != nil {
		panic(err) // they are compiled in
	}
	var out []Mapping
	for _, f := range files {
		b, err := shippedFiles.ReadFile("mappings/" + f.Name())
		if err != nil {
			panic(err)
		}
		m, err := ParseMapping(b)
		if err != nil {
			panic(f.Name() + ": " + err.Error())
		}
		out = append(out, m)
	}
	slices.SortFunc(out, func(a, b Mapping) int { return strings.Compare(a.Name, b.Name) })
	return out
})

// Named finds a shipped mapping.
func Named(name string) (Mapping, bool) {
	all := Shipped()
	i := slices.IndexFunc(all, func(m Mapping) bool { return m.Name == name })
	if i < 0 {
		return Mapping{}, false
	}
	return all[i], true
}

// AreaLists are the lists that Areas knows.
var AreaLists = []string{"mx", "us"}

// Areas are names of areas with their codes of ISO 3166-2, for mappings that are made in a browser: the states of a country.
func Areas(list string) map[string]string {
	switch list {
	case "mx":
		m, _ := Named("sesnsp-homicide")
		for _, c := range m.Columns {
			if c.Field == FieldArea {
				return maps.Clone(c.Values)
			}
		}
	case "us":
		out := map[string]string{}
		for _, s := range strings.Split(statesUS, ",") {
			out[s[3:]] = "US-" + s[:2]
		}
		return out
	}
	return nil
}

const statesUS = "AL Alabama,AK Alaska,AZ Arizona,AR Arkansas,CA California,CO Colorado,CT Connecticut,DE Delaware,DC District of Columbia,FL Florida,GA Georgia,HI Hawaii," +
	"ID Idaho,IL Illinois,IN Indiana,IA Iowa,KS Kansas,KY Kentucky,LA Louisiana,ME Maine,MD Maryland,MA Massachusetts,MI Michigan,MN Minnesota,MS Mississippi,MO Missouri," +
	"MT Montana,NE Nebraska,NV Nevada,NH New Hampshire,NJ New Jersey,NM New Mexico,NY New York,NC North Carolina,ND North Dakota,OH Ohio,OK Oklahoma,OR Oregon," +
	"PA Pennsylvania,RI Rhode Island,SC South Carolina,SD South Dakota,TN Tennessee,TX Texas,UT Utah,VT Vermont,VA Virginia,WA Washington,WV West Virginia,WI Wisconsin,WY Wyoming"
