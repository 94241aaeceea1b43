/** A style sheet arrives as its minified text. */
declare module "*.css" {
  const text: string;
  export default text;
}
