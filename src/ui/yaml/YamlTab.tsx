export function YamlTab() {
  return <p>Editor</p>;
}
