export function findBrowser(playwrightOwn: string): 'own' | (string & {}) | undefined;
