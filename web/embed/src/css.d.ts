/** An imported style sheet is a string: its minified text. */
declare module "*.css" {
  const text: string;
  export default text;
}
